import { ControlError } from "../control_error.ts";
import { fileFailure } from "../file_failure.ts";

/** Refuses a place of backups that is not there: what it lies on may not be mounted. */
export async function requireDirectory(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileFailure(path, error);
  }
  const next = "make it, or mount what it is on: a schedule does neither";
  throw new ControlError("not-found", `there is no directory ${path}`, next);
}
