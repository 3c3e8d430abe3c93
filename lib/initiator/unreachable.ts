/** A portal to which no connection came about. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(
    /** `192.0.2.1:3260`. */
    readonly portal: string,
    reason: string,
    /** What to do about it. */
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(`cannot connect to ${portal}: ${reason}`, options);
  }
}
