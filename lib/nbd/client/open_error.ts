/** Why an export could not be opened, in words for whoever asked for it. */
import { ProtocolFault } from "../protocol_fault.ts";
import { Unreachable } from "./dial.ts";
import { Refusal } from "./refusal.ts";

/** `unreachable`: no server answers; `not-found`: it has no such export. */
export type NbdOpenErrorKind = "unreachable" | "not-found" | "unsuitable";

export class NbdOpenError extends Error {
  override readonly name = "NbdOpenError";

  constructor(
    readonly kind: NbdOpenErrorKind,
    message: string,
    /** What to do about it. */
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the failure of a first connection to `server` means; what is none is passed on. */
export function openErrorOf(cause: unknown, server: string): unknown {
  if (cause instanceof Unreachable) {
    return new NbdOpenError("unreachable", cause.message, cause.next, { cause });
  }
  if (cause instanceof Refusal) {
    const kind = cause.kind === "unknown" ? "not-found" : "unsuitable";
    const next = kind === "not-found"
      ? "see which there are: nbdinfo --list, or the server's own tools"
      : "ask whoever runs the server";
    return new NbdOpenError(kind, `${server}: ${cause.message}`, next, { cause });
  }
  if (!(cause instanceof Error)) return cause;
  const message = cause instanceof ProtocolFault
    ? `${server} does not speak NBD as it should: ${cause.message}`
    : `the connection to the NBD server at ${server} did not come about: ${cause.message}`;
  const kind = cause instanceof ProtocolFault ? "unsuitable" : "unreachable";
  return new NbdOpenError(kind, message, "check that an NBD server listens there", { cause });
}
