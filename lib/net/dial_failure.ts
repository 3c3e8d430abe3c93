/** Why a connection did not come about, and what to do about it. */
export interface DialFailure {
  readonly reason: string;
  readonly next: string;
}

interface KnownFailure extends DialFailure {
  readonly error: new (message?: string) => Error;
  /** As Node's sockets put it. */
  readonly code: string;
}

const FAILURES: readonly KnownFailure[] = [
  {
    error: Deno.errors.AddrNotAvailable,
    code: "EINVAL", // of bind
    reason: "the source address is not one of this machine",
    next: "name an address that an adapter of this machine has",
  },
  {
    error: Deno.errors.ConnectionRefused,
    code: "ECONNREFUSED",
    reason: "nothing listens there",
    next: "check that the service there runs, and its port",
  },
  {
    error: Deno.errors.NotFound,
    code: "ENOTFOUND",
    reason: "no such host",
    next: "check the name, or give an address",
  },
  {
    error: Deno.errors.TimedOut,
    code: "ETIMEDOUT",
    reason: "no answer",
    next: "check the network between, and the firewalls",
  },
];

/** What the system's failure to connect means; `timeoutMs`: that is how long we have waited. */
export function dialFailure(cause: Error, timeoutMs?: number): DialFailure {
  if (timeoutMs !== undefined) {
    const next = "check the network between, and the firewalls";
    return { reason: `no answer within ${timeoutMs} ms`, next };
  }
  return FAILURES.find(({ error, code }) => cause instanceof error || codeOf(cause) === code) ??
    { reason: cause.message, next: "check the network between" };
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
