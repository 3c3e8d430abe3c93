/** What is wrong in a document, with its place there: `targets[0].allow[2]: why`. */
import { ControlError, type ControlErrorKind, type DataPath } from "../control_error.ts";

/** An error about what is at the path, ready to be thrown. */
export function placedError(
  path: DataPath,
  kind: ControlErrorKind,
  why: string,
  nextStep?: string,
): ControlError {
  return new ControlError(kind, `${pathText(path)}${why}`, nextStep, { place: path });
}

/** Does what belongs to the path; an operator's mistake in it is told with the place. */
export function inPlace<T>(path: DataPath, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw placed(path, error);
  }
}

/** The same for what takes its time. */
export async function inPlaceLater<T>(path: DataPath, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw placed(path, error);
  }
}

function placed(place: DataPath, cause: unknown): unknown {
  if (!(cause instanceof ControlError)) return cause;
  const message = `${pathText(place)}${cause.message}`;
  return new ControlError(cause.kind, message, cause.nextStep, { place, cause });
}

function pathText(path: DataPath): string {
  if (path.length === 0) return "";
  const keys = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`);
  return `${keys.join("").replace(/^\./, "")}: `;
}
