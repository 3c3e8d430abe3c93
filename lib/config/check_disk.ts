/** Checks a disk's file on this machine, whether it is declared or not. */
import { FileError } from "../block/file_error.ts";
import { checkImage, type ImageReport, repairImage } from "../vhd/check/check_image.ts";
import { ControlError } from "./control_error.ts";
import type { CreateOptions } from "./disk_files.ts";
import type { DiskFacts } from "./facts.ts";
import { fileFailure } from "./file_failure.ts";

export interface CheckDiskOptions extends CreateOptions {
  readonly repair: boolean;
  /** The disk that the file is declared as. */
  readonly disk: DiskFacts | undefined;
  readonly parent: string | undefined;
  /** A snapshot of it is being merged away: its parents are written to. */
  readonly isMerging: boolean;
}

export interface CheckedDisk extends Omit<ImageReport, "size"> {
  /** Octets of the disk; null where that cannot be told. */
  readonly size: number | null;
  readonly verdict: "sound" | "flawed" | "at-risk";
}

export async function checkDisk(path: string, options: CheckDiskOptions): Promise<CheckedDisk> {
  const { repair, disk, parent, onProgress, signal } = options;
  const check = repair ? repairImage : checkImage;
  try {
    const report = await check(path, {
      expected: disk?.format === "raw" ? "raw" : disk?.format === "vhd" ? "vhd" : undefined,
      expectedSize: disk?.format === "raw" ? disk.size : undefined,
      parent,
      force: options.isMerging,
      progress: (done, total) => onProgress?.({ done, total }),
      signal,
    });
    return { ...report, size: report.size ?? null, verdict: verdictOf(report) };
  } catch (error) {
    if (error instanceof FileError && error.kind === "in-use") throw inUse(error, options);
    throw fileFailure(path, error);
  }
}

function verdictOf({ findings }: ImageReport): CheckedDisk["verdict"] {
  if (findings.some(({ severity }) => severity === "risk")) return "at-risk";
  return findings.some(({ severity }) => severity === "flaw") ? "flawed" : "sound";
}

function inUse(cause: FileError, { repair, disk }: CheckDiskOptions): ControlError {
  const what = disk === undefined ? cause.path : `disk ${disk.name}: ${cause.path}`;
  const verb = repair ? "repair" : "check";
  const next = repair || disk?.format !== "vhd"
    ? "end the service that serves it, or what it is attached to, first"
    : `end what uses it first; or check it as it is now: sanctl snapshot create ${disk.name}, ` +
      "and check the snapshot's file";
  return new ControlError("in-use", `cannot ${verb} ${what} is in use`, next, { cause });
}
