/** A network of a test's own on this machine: its addresses, its ports, cables that it can cut. */
import assert from "node:assert/strict";
import { peer } from "./peer.ts";

export interface CableEnd {
  readonly hardware: string;
  readonly addresses: readonly string[];
}

export interface CableEnds {
  readonly near: CableEnd;
  readonly far: CableEnd;
}

export class NetworkNamespace {
  readonly #holder: Deno.ChildProcess;
  /** Words before the command line of a program that is to run in it. */
  readonly through: readonly string[];

  private constructor(holder: Deno.ChildProcess) {
    this.#holder = holder;
    this.through = ["nsenter", `--net=/proc/${holder.pid}/ns/net`, "--"];
  }

  /** Makes one with loopback and these addresses. */
  static async create(addresses: readonly string[]): Promise<NetworkNamespace> {
    // It holds the namespace until its input ends, at the latest with this process.
    const holder = new Deno.Command("unshare", {
      args: ["--net", "cat"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const namespace = new NetworkNamespace(holder);
    await namespace.#made();
    await namespace.ip("link", "set", "lo", "up");
    for (const address of addresses) await namespace.plug(address);
    return namespace;
  }

  /** Resolves once `cat` runs, which is when it is in the namespace. */
  async #made(): Promise<void> {
    const writer = this.#holder.stdin.getWriter();
    await writer.write(Uint8Array.of(10));
    writer.releaseLock();
    const reader = this.#holder.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    assert.ok(!done, "no network namespace was made");
  }

  /** The address is there. */
  async plug(address: string): Promise<void> {
    await this.ip("address", "add", `${address}/32`, "dev", "lo");
  }

  /** What is sent to the address gets no answer, as behind a cut cable. */
  async cut(address: string): Promise<void> {
    await this.ip("address", "delete", `${address}/32`, "dev", "lo");
  }

  /** Lays a cable to another network: an adapter at each end, with these addresses. */
  async cable(other: NetworkNamespace, adapter: string, ends: CableEnds): Promise<void> {
    const far = ["peer", "name", adapter, "netns", String(other.#holder.pid)];
    await this.ip("link", "add", adapter, "type", "veth", ...far);
    await this.#adapter(adapter, ends.near);
    await other.#adapter(adapter, ends.far);
  }

  /** Addresses carry their prefix length; an IPv6 address is there at once. */
  async #adapter(name: string, { hardware, addresses }: CableEnd): Promise<void> {
    await this.ip("link", "set", name, "address", hardware);
    for (const address of addresses) {
      const flags = address.includes(":") ? ["nodad"] : [];
      await this.ip("address", "add", address, "dev", name, ...flags);
    }
    await this.ip("link", "set", name, "up");
  }

  /** What is beyond the networks of its own goes by way of this address. */
  async routeBy(gateway: string): Promise<void> {
    await this.ip("route", "add", "default", "via", gateway);
  }

  /** Passes on what comes for others. */
  async beRouter(): Promise<void> {
    const [program, ...words] = this.through;
    await peer(program!, ...words, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  }

  async close(): Promise<void> {
    await this.#holder.stdin.close();
    await this.#holder.stdout.cancel();
    await this.#holder.status;
  }

  /** Runs `ip` in it. */
  async ip(...args: string[]): Promise<void> {
    const [program, ...words] = [...this.through, "ip", ...args];
    await peer(program!, ...words);
  }

  /** What `ip` calls it when an interface is to be moved there. */
  get name(): string {
    return String(this.#holder.pid);
  }
}

/** Gives `use` a network of its own, which ends with it. */
export async function withNetwork(
  addresses: readonly string[],
  use: (network: NetworkNamespace) => Promise<void>,
): Promise<void> {
  const network = await NetworkNamespace.create(addresses);
  try {
    await use(network);
  } finally {
    await network.close();
  }
}

/** As `withNetwork`, with so many networks, each with loopback alone. */
export async function withNetworks(
  count: number,
  use: (...networks: NetworkNamespace[]) => Promise<void>,
): Promise<void> {
  const networks: NetworkNamespace[] = [];
  try {
    while (networks.length < count) networks.push(await NetworkNamespace.create([]));
    await use(...networks);
  } finally {
    for (const network of networks) await network.close();
  }
}
