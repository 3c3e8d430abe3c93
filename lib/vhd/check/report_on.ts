/** Everything that is found about an open file and its parents, as one report. */
import type { PositionalFile } from "../../block/positional_file.ts";
import type { DynamicLayer } from "../dynamic_layer.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding, Flaw } from "./finding.ts";
import { inspectChain, type InspectedParent } from "./inspect_chain.ts";
import { type CheckedFormat, type FileView, inspectFile } from "./inspect_file.ts";
import type { Watch } from "./watch.ts";

export interface ReportOptions extends Watch {
  /** What the file is meant to be; told by its end, and else by its name, without. */
  readonly expected?: "vhd" | "raw" | undefined;
  /** Octets that a raw image is meant to have. */
  readonly expectedSize?: number | undefined;
  /** The file of the parent; looked for without. */
  readonly parent?: string | undefined;
  /** Its parents may have been written to: a merge is under way. */
  readonly force?: boolean | undefined;
}

export interface ImageReport {
  readonly path: string;
  readonly format: CheckedFormat;
  /** Octets of the disk; undefined where that cannot be told. */
  readonly size: number | undefined;
  /** The files of its parents that are there, the nearest one first. */
  readonly parents: readonly string[];
  /** What is wrong, as the file is now. */
  readonly findings: readonly Finding[];
  /** What was wrong, and has been put right. */
  readonly repaired: readonly Finding[];
}

export async function reportOn(
  file: PositionalFile,
  repaired: readonly Finding[],
  options: ReportOptions,
  around: Surroundings,
): Promise<ImageReport> {
  const view = newView();
  const findings: Finding[] = [];
  for await (const { finding } of inspectFile(file, view, { ...options, around })) {
    findings.push(finding);
  }
  const parents = view.layer === undefined
    ? []
    : await inspectParents(view.layer, findings, options, around);
  const { format, size } = view;
  return { path: file.path, format, size, parents, findings, repaired };
}

/** Adds to `findings` what is wrong with the parents of a layer, and answers their files. */
export async function inspectParents(
  layer: DynamicLayer,
  findings: Finding[],
  options: Pick<ReportOptions, "parent" | "force">,
  around: Surroundings,
): Promise<string[]> {
  const parents: string[] = [];
  const inspect = (parent: PositionalFile) => inspectParent(parent, around);
  const found = (path: string) => void parents.push(path);
  const chain = { ...options, around, inspect, found };
  for await (const { finding } of inspectChain(layer, chain)) findings.push(finding);
  return parents;
}

async function inspectParent(
  file: PositionalFile,
  around: Surroundings,
): Promise<InspectedParent> {
  const view = newView();
  const flaws: Flaw[] = [];
  const options = { around, expected: "vhd", quick: true } as const;
  for await (const flaw of inspectFile(file, view, options)) flaws.push(flaw);
  const { footer, layer } = view;
  return { flaws, footer, layer };
}

export function newView(): FileView {
  return { format: "unknown", size: undefined, footer: undefined, layer: undefined };
}
