/** An initiator whose portals are targets in memory. */
import { hostAndPort } from "../../lib/iscsi/portal_address.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/initiator/limits.ts";
import { InitiatorNode, type InitiatorNodeOptions } from "../../lib/initiator/node.ts";
import { Unreachable } from "../../lib/initiator/unreachable.ts";
import type { Dialled } from "../../lib/net/dialled.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import { TestClock } from "./test_clock.ts";

/** Who answers at a portal: makes our end of a new connection. */
export type Answering = () => ByteStream;

export interface TestNodeOptions extends Partial<Omit<InitiatorNodeOptions, "limits">> {
  readonly limits?: Partial<Limits>;
}

/** The portals that can be reached, by `HOST:PORT`. */
export class MemoryNetwork {
  readonly portals = new Map<string, Answering>();
  /** Every connection that was made, by its portal. */
  readonly dialled: string[] = [];

  node({ limits, ...options }: TestNodeOptions = {}): InitiatorNode {
    return new InitiatorNode({
      name: "iqn.2026-01.org.example:host",
      clock: new TestClock(),
      random: systemRandom,
      logger: silentLogger,
      dial: ({ host, port }) => Promise.resolve().then(() => this.#dial(hostAndPort(host, port))),
      ...options,
      limits: { ...DEFAULT_LIMITS, ...limits },
    });
  }

  #dial(portal: string): Dialled {
    this.dialled.push(portal);
    const answering = this.portals.get(portal);
    if (answering === undefined) throw new Unreachable(portal, "nothing listens there", "start it");
    return {
      stream: answering(),
      localAddress: "192.0.2.101",
      localPort: 40_000 + this.dialled.length,
      remoteAddress: portal.slice(0, portal.lastIndexOf(":")),
      remotePort: 3260,
    };
  }
}

export const PORTAL = { host: "192.0.2.1", port: 3260 };
export const PORTAL_TEXT = "192.0.2.1:3260";
