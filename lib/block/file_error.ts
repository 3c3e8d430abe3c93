export type FileErrorKind =
  | "not-found"
  | "no-permission"
  | "in-use" // somebody else has it open
  | "exists"
  | "no-space"
  | "unsuitable"; // not a file that can hold a disk, or not where asked

/** A file that could not be opened or made. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly path: string;

  constructor(
    readonly kind: FileErrorKind,
    message: string,
    options: ErrorOptions & { path: string },
  ) {
    super(message, options);
    this.path = options.path;
  }
}
