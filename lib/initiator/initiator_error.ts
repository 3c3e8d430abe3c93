/** What a user is told when a target cannot be used: what happened, and what to do about it. */

/** The kinds that exit codes and HTTP statuses tell apart. */
export type InitiatorErrorKind = "failed" | "in-use" | "not-found" | "permission" | "unreachable";

export class InitiatorError extends Error {
  constructor(
    readonly kind: InitiatorErrorKind,
    message: string,
    /** What to do about it, as a sentence without a period. */
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
