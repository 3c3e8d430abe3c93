/** What carries iSNS: TCP, or what stands in for it. The only file of iSNS that knows sockets. */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import { acceptAll } from "../net/accept_all.ts";
import { dialTcp } from "../net/dial_tcp.ts";
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { ServerUnusable } from "./server_unusable.ts";

/** A connection to a server. */
export interface DialledServer {
  readonly stream: ByteStream;
  /** By which address of ours the server is reached. */
  readonly localAddress: string;
}

/** Where a server can come to. */
export interface CallerPort {
  readonly port: number;
  /** Resolves when the port is free. */
  close(): Promise<void>;
}

export interface Network {
  /** Fails with ServerUnusable. */
  dial(server: PortalAddress, timeoutMs: number): Promise<DialledServer>;
  /** Takes whoever comes to any port of an address of ours. */
  listen(address: string, admit: (stream: ByteStream) => void): CallerPort;
}

/** This machine's own. */
export function systemNetwork(clock: Clock, logger: Logger): Network {
  return {
    dial(server, timeoutMs) {
      return dialTcp(server, { timeoutMs }, ({ reason, next }, cause) => {
        const message = `cannot connect to ${hostAndPort(server.host, server.port)}: ${reason}`;
        return new ServerUnusable("unreachable", message, next, cause);
      });
    },
    listen(address, admit) {
      const listener = Deno.listen({ hostname: address, port: 0, transport: "tcp" });
      const options = { clock, logger, strangerLogger: logger, admit };
      const accepting = acceptAll<Deno.TcpConn>(listener, options);
      const { port } = listener.addr as Deno.NetAddr;
      return {
        port,
        close() {
          listener.close();
          return accepting;
        },
      };
    },
  };
}
