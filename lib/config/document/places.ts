/** Says where in a document something is wrong, as `FILE:LINE: targets[0].allow[2]: why`. */
import { ControlError, type ControlErrorKind } from "../control_error.ts";
import type { DataPath } from "../yaml.ts";

export class Places {
  readonly #source: string;
  readonly #lineOf: (path: DataPath) => number;

  /** `source` is what the operator calls the document: its file. */
  constructor(source: string, lineOf: (path: DataPath) => number) {
    this.#source = source;
    this.#lineOf = lineOf;
  }

  /** What is wrong at the path, ready to be thrown. */
  error(path: DataPath, kind: ControlErrorKind, why: string, nextStep?: string): ControlError {
    return new ControlError(kind, `${this.#at(path)}: ${why}`, nextStep);
  }

  /** Does what belongs to the path; an operator's mistake in it is told with the place. */
  run<T>(path: DataPath, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.#placed(path, error);
    }
  }

  async wait<T>(path: DataPath, promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      throw this.#placed(path, error);
    }
  }

  #placed(path: DataPath, cause: unknown): unknown {
    if (!(cause instanceof ControlError)) return cause;
    const message = `${this.#at(path)}: ${cause.message}`;
    return new ControlError(cause.kind, message, cause.nextStep, { cause });
  }

  #at(path: DataPath): string {
    const line = `${this.#source}:${this.#lineOf(path)}`;
    return path.length === 0 ? line : `${line}: ${pathText(path)}`;
  }
}

/** `targets[0].allow[2]`. */
function pathText(path: DataPath): string {
  return path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`)
    .join("").replace(/^\./, "");
}
