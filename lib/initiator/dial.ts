/** Connects to portals over TCP. The only file of the initiator that knows sockets. */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import type { Dialled, DialOptions } from "./node.ts";
import { Unreachable } from "./unreachable.ts";

interface Cause {
  readonly error: new (message?: string) => Error;
  /** As Node's sockets put it. */
  readonly code: string;
  readonly reason: string;
  readonly next: string;
}

const CAUSES: readonly Cause[] = [
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
    next: "check that the target's service runs, and its port",
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

export async function dial(portal: PortalAddress, options: DialOptions): Promise<Dialled> {
  const where = hostAndPort(portal.host, portal.port);
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    if (options.sourceAddress !== undefined) {
      const { dialFrom } = await import("./dial_from.ts");
      return await dialFrom(options.sourceAddress, portal, signal);
    }
    const stream = await Deno.connect({ hostname: portal.host, port: portal.port, signal });
    // Without it a short write waits for the acknowledgement of the one before: 40 ms.
    stream.setNoDelay(true);
    const { localAddr, remoteAddr } = stream;
    return {
      stream,
      localAddress: localAddr.hostname,
      localPort: localAddr.port,
      remoteAddress: remoteAddr.hostname,
      remotePort: remoteAddr.port,
    };
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if (signal.aborted) {
      const reason = `no answer within ${options.timeoutMs} ms`;
      throw new Unreachable(where, reason, "check the network between, and the firewalls", {
        cause,
      });
    }
    const known = CAUSES.find(({ error, code }) =>
      cause instanceof error || codeOf(cause) === code
    );
    const reason = known?.reason ?? cause.message;
    throw new Unreachable(where, reason, known?.next ?? "check the network between", { cause });
  }
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
