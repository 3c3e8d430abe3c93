/** Connects to portals over TCP. The only file of the initiator that knows sockets. */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import { dialFailure } from "../net/dial_failure.ts";
import { directSocket } from "../net/direct_socket.ts";
import type { Dialled, DialOptions } from "./node.ts";
import { Unreachable } from "./unreachable.ts";

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
      stream: directSocket(stream),
      localAddress: localAddr.hostname,
      localPort: localAddr.port,
      remoteAddress: remoteAddr.hostname,
      remotePort: remoteAddr.port,
    };
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const { reason, next } = dialFailure(cause, signal.aborted ? options.timeoutMs : undefined);
    throw new Unreachable(where, reason, next, { cause });
  }
}
