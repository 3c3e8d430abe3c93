/** Makes the directory that holds the state, for its user alone. */
import { ControlError } from "./control_error.ts";

export async function makeStateDirectory(directory: string): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new ControlError(
        "failed",
        `the state directory ${directory} is not a directory`,
        "choose another --state-dir",
        { cause: error },
      );
    }
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ControlError(
      "permission",
      `no permission to create the state directory ${directory}`,
      "choose another --state-dir, or run as a user who may",
      { cause: error },
    );
  }
}
