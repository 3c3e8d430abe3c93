/**
 * Two hosts and two switches on this machine: an initiator and a target with an adapter on each of
 * two subnets, as redundant storage networks are wired.
 *
 *     initiator 192.168.1.101 ── switch 1 ── 192.168.1.1 target
 *     initiator 192.168.2.101 ── switch 2 ── 192.168.2.1 target
 */
import { NetworkNamespace } from "./network_namespace.ts";

export type Subnet = 1 | 2;
export const SUBNETS: readonly Subnet[] = [1, 2];

/** What of a subnet may fail. */
export const PARTS = ["initiator's cable", "switch", "target's cable"] as const;
export type Part = typeof PARTS[number];

export class TwoSubnets {
  readonly initiator: NetworkNamespace;
  readonly target: NetworkNamespace;
  readonly #switches: NetworkNamespace;

  private constructor(
    initiator: NetworkNamespace,
    target: NetworkNamespace,
    switches: NetworkNamespace,
  ) {
    this.initiator = initiator;
    this.target = target;
    this.#switches = switches;
  }

  static async create(): Promise<TwoSubnets> {
    const made: NetworkNamespace[] = [];
    try {
      for (let i = 0; i < 3; i++) made.push(await NetworkNamespace.create([]));
      const [initiator, target, switches] = made as [
        NetworkNamespace,
        NetworkNamespace,
        NetworkNamespace,
      ];
      const network = new TwoSubnets(initiator, target, switches);
      for (const subnet of SUBNETS) await network.#wire(subnet);
      return network;
    } catch (error) {
      for (const namespace of made) await namespace.close();
      throw error;
    }
  }

  async #wire(subnet: Subnet): Promise<void> {
    const bridge = `switch${subnet}`;
    await this.#switches.ip("link", "add", bridge, "type", "bridge", "forward_delay", "0");
    await this.#switches.ip("link", "set", bridge, "up");
    for (const [host, namespace, address] of this.#hosts(subnet)) {
      const [port, adapter] = [`${host}${subnet}`, `net${subnet}`];
      const ends = [port, "type", "veth", "peer", "name", adapter, "netns", namespace.name];
      await this.#switches.ip("link", "add", ...ends);
      await this.#switches.ip("link", "set", port, "master", bridge, "up");
      await namespace.ip("address", "add", `${address}/24`, "dev", adapter);
      await namespace.ip("link", "set", adapter, "up");
    }
  }

  #hosts(subnet: Subnet): [string, NetworkNamespace, string][] {
    return [
      ["initiator", this.initiator, initiatorAddress(subnet)],
      ["target", this.target, targetAddress(subnet)],
    ];
  }

  /** It fails without a word to anybody who is not next to it. */
  async cut(subnet: Subnet, part: Part): Promise<void> {
    await this.#switches.ip("link", "set", interfaceOf(subnet, part), "down");
  }

  async mend(subnet: Subnet, part: Part): Promise<void> {
    await this.#switches.ip("link", "set", interfaceOf(subnet, part), "up");
  }

  async close(): Promise<void> {
    for (const each of [this.initiator, this.target, this.#switches]) await each.close();
  }
}

export function initiatorAddress(subnet: Subnet): string {
  return `192.168.${subnet}.101`;
}

export function targetAddress(subnet: Subnet): string {
  return `192.168.${subnet}.1`;
}

function interfaceOf(subnet: Subnet, part: Part): string {
  const host = { "initiator's cable": "initiator", "switch": "switch", "target's cable": "target" };
  return `${host[part]}${subnet}`;
}
