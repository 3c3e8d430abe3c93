/** Makes the files of new disks, all or none. */
import { ControlError } from "../control_error.ts";
import type { CreateOptions, DiskFiles } from "../disk_files.ts";
import type { DeclaredDisk } from "../schema.ts";
import type { StateKeeper } from "../state_keeper.ts";

/** Makes the files of the disks for `use`; where either fails, they are gone again. */
export async function withFiles(
  disks: readonly DeclaredDisk[],
  keeper: StateKeeper,
  course: CreateOptions,
  use: () => Promise<void>,
): Promise<void> {
  const made: string[] = [];
  try {
    await makeFiles(disks, keeper.files, course, made);
    await use();
  } catch (error) {
    // What is declared all the same is somebody's disk, whatever failed.
    const declared = new Set((await keeper.state()).disks.map(({ path }) => path));
    const unused = made.filter((path) => !declared.has(path));
    throw await removeFiles(unused, keeper.files, error);
  }
}

/** Octets that the files will have. */
export function lengthOf(disks: readonly DeclaredDisk[]): number {
  return disks.reduce((sum, { size }) => sum + size, 0);
}

async function makeFiles(
  disks: readonly DeclaredDisk[],
  files: DiskFiles,
  { onProgress, signal }: CreateOptions,
  made: string[],
): Promise<void> {
  const total = lengthOf(disks);
  let before = 0;
  for (const disk of disks) {
    const done = before;
    const uuid = await files.create(disk, {
      onProgress: (progress) => onProgress?.({ done: done + progress.done, total }),
      signal,
    });
    made.push(disk.path!);
    if (uuid !== undefined && uuid !== disk.uuid) throw new Error(`${disk.path} has another UUID`);
    before += disk.size;
  }
  signal?.throwIfAborted();
}

/** Removes the files, and answers what failed before, with what could not be removed. */
async function removeFiles(
  paths: readonly string[],
  files: DiskFiles,
  error: unknown,
): Promise<unknown> {
  const left: string[] = [];
  for (const path of paths) {
    try {
      await files.delete(path);
    } catch (failure) {
      if (!(failure instanceof ControlError)) throw failure;
      left.push(path);
    }
  }
  if (left.length === 0 || !(error instanceof ControlError)) return error;
  const message = `${error.message}; ${left.join(", ")} could not be removed again`;
  return new ControlError(error.kind, message, error.nextStep, { cause: error });
}
