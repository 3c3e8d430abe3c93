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
  /** The file that it is a child of, if the document names one. */
  readonly parent: FoundParent | undefined;
}

export interface FoundParent {
  readonly path: string;
  /** Undefined where there is no need to look. */
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
  for (const [at, { name, path, parent: asked }] of (document.disks ?? []).entries()) {
    if (path === undefined) continue;
    const place = ["disks", at, "path"];
    const real = known.has(path) ? path : await inPlaceLater(place, files.locate(path));
    const isKnown = known.has(real);
    const parent = asked === undefined
      ? undefined
      : await inPlaceLater(["disks", at, "parent"], parentAt(asked, files, isKnown));
    const found = isKnown ? undefined : await inPlaceLater(place, lookAt(real, files, parent));
    findings.set(name, { path: real, found, parent });
  }
  return findings;
}

/** What is there already has been opened with its parent. */
async function parentAt(asked: string, files: DiskFiles, isKnown: boolean): Promise<FoundParent> {
  const path = await files.locate(asked);
  return { path, found: isKnown ? undefined : await files.look(path) };
}

async function lookAt(
  path: string,
  files: DiskFiles,
  parent: FoundParent | undefined,
): Promise<FoundDisk | undefined> {
  try {
    return await files.look(path, { parent: parent?.path });
  } catch (error) {
    // An export that is not there is nothing that could be made.
    const isMissing = error instanceof ControlError && error.kind === "not-found";
    if (isMissing && !isExportUrl(path)) return undefined;
    throw error;
  }
}
