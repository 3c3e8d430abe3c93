/** Checks a disk's file on this machine, whether it is declared or not. */
import { FileError } from "../block/file_error.ts";
import {
  checkImage,
  type CheckOptions,
  type ImageReport,
  repairImage,
} from "../vhd/check/check_image.ts";
import type { GivenSurroundings } from "../vhd/surroundings.ts";
import { ControlError } from "./control_error.ts";
import type { CreateOptions } from "./disk_files.ts";
import type { CheckedDisk, DiskFacts } from "./facts.ts";
import { fileFailure } from "./file_failure.ts";

export interface CheckDiskOptions extends CreateOptions {
  readonly repair: boolean;
  /** What the file is declared as: the disk that it is of. */
  readonly disk: Pick<DiskFacts, "name" | "format" | "size"> | undefined;
  readonly parent: string | undefined;
  /** A snapshot of it is being merged away: its parents are written to. */
  readonly isMerging: boolean;
  /** This machine's, without. */
  readonly around?: GivenSurroundings | undefined;
}

export async function checkDisk(path: string, options: CheckDiskOptions): Promise<CheckedDisk> {
  const check = options.repair ? repairImage : checkImage;
  try {
    return checkedDisk(await check(path, imageOptions(options)), false);
  } catch (error) {
    if (error instanceof FileError && error.kind === "in-use") throw inUse(error, options);
    throw options.signal?.aborted ? options.signal.reason : fileFailure(path, error);
  }
}

/** What to look for in the files of a disk. */
export function imageOptions(
  { disk, parent, isMerging, around, onProgress, signal }: CheckDiskOptions,
): CheckOptions {
  return {
    ...around,
    expected: disk?.format === "raw" ? "raw" : disk?.format === "vhd" ? "vhd" : undefined,
    expectedSize: disk?.format === "raw" ? disk.size : undefined,
    parent,
    force: isMerging,
    progress: (done, total) => onProgress?.({ done, total }),
    signal,
  };
}

export function checkedDisk(report: ImageReport, served: boolean): CheckedDisk {
  return { ...report, size: report.size ?? null, verdict: verdictOf(report), served };
}

function verdictOf({ findings }: ImageReport): CheckedDisk["verdict"] {
  if (findings.some(({ severity }) => severity === "risk")) return "at-risk";
  return findings.some(({ severity }) => severity === "flaw") ? "flawed" : "sound";
}

function inUse(cause: FileError, { repair, disk }: CheckDiskOptions): ControlError {
  const what = disk === undefined ? cause.path : `${disk.name}: ${cause.path}`;
  const verb = repair ? "repair" : "check";
  const next = "end what uses it first: another service, or a program that has it open";
  return new ControlError("in-use", `cannot ${verb} ${what} is in use`, next, { cause });
}
