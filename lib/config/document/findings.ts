/** What the file system says of the disks of a document. */
import { ControlError } from "../control_error.ts";
import type { DiskFiles } from "../disk_files.ts";
import { isExportUrl } from "../export_url.ts";
import type { FoundDisk } from "../operations/declare_disk.ts";
import type { DeclaredState } from "../schema.ts";
import type { ServerDocument } from "./document.ts";
import { filesOf } from "./holds_file.ts";
import { inPlaceLater } from "./place.ts";

export interface Finding {
  /** The one path of its file, links resolved. */
  readonly path: string;
  /** What the file is; undefined where there is none, or where it is a disk already. */
  readonly found: FoundDisk | undefined;
}

/** By the names of disks that have a file. */
export type Findings = ReadonlyMap<string, Finding>;

/** Looks at the files that the document names, and that are not known from the state. */
export async function findingsOf(
  document: ServerDocument,
  state: DeclaredState,
  files: DiskFiles,
): Promise<Findings> {
  const findings = new Map<string, Finding>();
  const known = new Set(state.disks.flatMap(filesOf));
  for (const [at, { name, path }] of (document.disks ?? []).entries()) {
    if (path === undefined) continue;
    const place = ["disks", at, "path"];
    const real = known.has(path) ? path : await inPlaceLater(place, files.locate(path));
    const found = known.has(real) ? undefined : await inPlaceLater(place, lookAt(real, files));
    findings.set(name, { path: real, found });
  }
  return findings;
}

async function lookAt(path: string, files: DiskFiles): Promise<FoundDisk | undefined> {
  try {
    return await files.look(path);
  } catch (error) {
    // An export that is not there is nothing that could be made.
    const isMissing = error instanceof ControlError && error.kind === "not-found";
    if (isMissing && !isExportUrl(path)) return undefined;
    throw error;
  }
}
