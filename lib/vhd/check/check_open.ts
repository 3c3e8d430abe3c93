/**
 * Looks at a disk that is open, and used meanwhile: at its files, with what is known of them where
 * it is open. Nothing is written, and nobody who uses it waits. See ../README.md, "Checking".
 */
import type { BlockDevice } from "../../block/device.ts";
import { FileDevice } from "../../block/file.ts";
import type { PositionalFile } from "../../block/positional_file.ts";
import { ChainDevice } from "../chain_device.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { flaw } from "./finding.ts";
import { formatOf } from "./inspect_file.ts";
import { inspectTop } from "./inspect_top.ts";
import { type ImageReport, inspectParents, reportOn, type ReportOptions } from "./report_on.ts";

export interface CheckOpenOptions extends ReportOptions, GivenSurroundings {}

/** Undefined: the device is in no file that is known here. */
export async function checkOpen(
  device: BlockDevice,
  options: CheckOpenOptions = {},
): Promise<ImageReport | undefined> {
  const around = surroundings(options);
  const report = await reportOf(device, options, around);
  const file = fileOf(device);
  if (report === undefined || file === undefined) return undefined;
  const gone = await findGone(file);
  return { ...report, findings: [...gone, ...report.findings] };
}

function fileOf(device: BlockDevice): PositionalFile | undefined {
  if (device instanceof FileDevice) return device.file;
  return device instanceof ChainDevice ? device.layers[0]!.medium.file : undefined;
}

async function reportOf(
  device: BlockDevice,
  options: CheckOpenOptions,
  around: Surroundings,
): Promise<ImageReport | undefined> {
  // What a fixed disk, or one that nobody writes to, says of itself stands still.
  if (device instanceof FileDevice) return await reportOn(device.file, [], options, around);
  if (!(device instanceof ChainDevice)) return undefined;
  const { top } = device;
  if (top === undefined) {
    return await reportOn(device.layers[0]!.medium.file, [], options, around);
  }
  const findings: Finding[] = [];
  for await (const { finding } of inspectTop(top, options, around)) findings.push(finding);
  const parents = await inspectParents(top.layer, findings, options, around);
  const { layer } = top;
  const { path } = layer.medium.file;
  const format = formatOf(layer.footer);
  return { path, format, size: layer.size, parents, findings, repaired: [] };
}

async function findGone(file: PositionalFile): Promise<Finding[]> {
  if (await file.isInPlace?.() ?? true) return [];
  const message = "it was removed or renamed, or another file has its name, while the disk is in " +
    "use: what is written is lost when that ends; take a copy before, as a backup does";
  return [flaw("file-gone", { path: file.path, at: 0 }, message).finding];
}
