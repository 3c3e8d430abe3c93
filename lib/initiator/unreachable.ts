import { InitiatorError } from "./initiator_error.ts";

/** A portal to which no connection came about. */
export class Unreachable extends InitiatorError {
  override readonly name = "Unreachable";

  constructor(
    /** `192.0.2.1:3260`. */
    readonly portal: string,
    reason: string,
    next: string,
    options?: ErrorOptions,
  ) {
    super("unreachable", `cannot connect to ${portal}: ${reason}`, next, options);
  }
}
