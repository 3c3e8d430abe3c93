/** A file system that could not be made. */
export class FormatFailed extends Error {
  override readonly name = "FormatFailed";

  constructor(
    /** `not-found`: the program that makes it is not on this machine. */
    readonly kind: "not-found" | "usage" | "failed",
    message: string,
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
