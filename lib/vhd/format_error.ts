/**
 * A file that is not what it should be, or damaged: what is wrong, in which file, at which octet.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly path: string;
  /** Offset in the file of what is wrong. */
  readonly at: number;

  constructor(message: string, options: ErrorOptions & { path: string; at: number }) {
    super(`${options.path} at ${options.at}: ${message}`, options);
    this.path = options.path;
    this.at = options.at;
  }
}
