/** What an operator is told when an iSNS server is of no use: what happened, and what to do. */
export class ServerUnusable extends Error {
  override readonly name = "ServerUnusable";

  constructor(
    /** `failed`: it answers, and not as it should. */
    readonly kind: "failed" | "unreachable",
    message: string,
    /** What to do about it, as a sentence without a period. */
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
