/** Why a device could not be attached, or detached, in words for whoever asked for it. */

/** `in-use`: somebody of this machine has it open. */
export type AttachErrorKind = "in-use" | "failed";

export class AttachError extends Error {
  override readonly name = "AttachError";

  constructor(
    readonly kind: AttachErrorKind,
    message: string,
    /** What to do about it. */
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
