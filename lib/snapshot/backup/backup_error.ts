export type BackupErrorKind =
  | "not-found"
  | "in-use" // another command works in the folder
  | "foreign" // the folder holds something else
  | "damaged";

/** What keeps backups from being made or used. */
export class BackupError extends Error {
  override readonly name = "BackupError";

  constructor(
    readonly kind: BackupErrorKind,
    message: string,
    /** What the operator can do. */
    readonly nextStep?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
