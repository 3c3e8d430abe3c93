/** A machine's sockets, without the machine. */
import type { Listening, Sockets } from "../../../lib/config/running_portals.ts";
import { hostAndPort } from "../../../lib/iscsi/portal_address.ts";

/** Sockets of a machine with some addresses; a wildcard and another on one port are in the way. */
export class TestSockets implements Sockets {
  readonly open = new Set<string>();
  readonly missing = new Set<string>();
  /** What others listen on. */
  readonly taken = new Set<string>();
  hasIpv6 = true;

  listen({ hostname, port }: { readonly hostname: string; readonly port: number }): Listening {
    const name = hostAndPort(hostname, port);
    if (!this.hasIpv6 && hostname.includes(":")) throw new Deno.errors.NotSupported("no IPv6");
    if (this.missing.has(hostname)) throw new Deno.errors.AddrNotAvailable("no such address");
    if (this.taken.has(name)) throw new Deno.errors.AddrInUse("taken");
    const samePort = [...this.open].filter((other) => other.endsWith(`:${port}`));
    const isWild = (text: string) => text.startsWith("[::]") || text.startsWith("0.0.0.0");
    if (samePort.some((other) => other === name || isWild(other) || isWild(name))) {
      throw new Deno.errors.AddrInUse(`${name} beside ${samePort}`);
    }
    this.open.add(name);
    return {
      hostname,
      port,
      close: () => {
        this.open.delete(name);
        return Promise.resolve();
      },
    };
  }
}
