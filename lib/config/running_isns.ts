/**
 * The iSNS servers of the running service, brought to what is declared: each knows the targets that
 * anybody may log in to, and where they are.
 *
 * Who finds a target there is for the discovery domains of the server to say, and who may log in
 * for the target's access list alone. A target whose list is empty is nobody's, and is not
 * registered.
 */
import type { EventSink } from "../events/event_sink.ts";
import { ISNS_LIMITS } from "../isns/limits.ts";
import { Link } from "../isns/link.ts";
import type { Network } from "../isns/network.ts";
import type { EntityPortal } from "../isns/registration.ts";
import { type Offer, TargetTask } from "../isns/target_task.ts";
import { formatIpAddress, type IpAddress, parsePeerAddress } from "../net/ip_address.ts";
import type { TargetNode } from "../target/node.ts";
import { portalPlaces } from "../target/portal.ts";
import { crc32c } from "../wire/crc32c.ts";
import type { IsnsServerFacts, PortalFacts } from "./facts.ts";
import { isnsServerName, untriedServer } from "./isns_servers.ts";

export interface RunningIsnsOptions {
  readonly node: TargetNode;
  readonly events: EventSink;
  readonly network: Network;
  readonly resolve: (host: string) => Promise<readonly IpAddress[]>;
  /** Tells this service from every other one, and stays. */
  readonly identifier: () => string;
}

interface Server {
  readonly task: TargetTask;
  readonly link: Link;
}

export class RunningIsns {
  readonly #options: RunningIsnsOptions;
  readonly #servers = new Map<string, Server>();
  /** Initiators can come: before that there is nothing to be found. */
  #isOpen = false;

  constructor(options: RunningIsnsOptions) {
    this.#options = options;
  }

  open(declared: readonly PortalFacts[] | undefined): void {
    this.#isOpen = true;
    this.reconcile(declared);
  }

  /** Becomes what is declared, and has the servers know what there is now. */
  reconcile(declared: readonly PortalFacts[] = []): void {
    if (!this.#isOpen) return;
    const wanted = new Map(declared.map((place) => [isnsServerName(place), place]));
    for (const [name, server] of this.#servers) {
      if (wanted.has(name)) continue;
      this.#servers.delete(name);
      end(server);
    }
    for (const [name, place] of wanted) {
      const present = this.#servers.get(name);
      if (present !== undefined) present.link.rouse();
      else this.#servers.set(name, this.#begin(name, place));
    }
  }

  /** Portals or targets are not what they were. */
  refresh(): void {
    for (const { link } of this.#servers.values()) link.rouse();
  }

  #begin(name: string, { address: host, port }: PortalFacts): Server {
    const { node, events, network, identifier } = this.#options;
    const { clock, random, logger } = node;
    const around = { network, clock, random, limits: ISNS_LIMITS };
    const task = new TargetTask({
      ...around,
      identifier: identifier(),
      offer: (localAddress) => this.#offer(localAddress),
    });
    const link = new Link({
      ...around,
      task,
      server: { host, port },
      onChange(failure) {
        if (failure === undefined) {
          logger.info("an iSNS server is in use", { server: name });
          events.note("isns-server-present", { server: name });
        } else {
          logger.warn("an iSNS server cannot be used", { server: name, reason: failure.message });
          events.note("isns-server-absent", { server: name, reason: failure.message });
        }
      },
    });
    link.start();
    return { task, link };
  }

  async #offer(localAddress: string): Promise<Offer> {
    const { node } = this.#options;
    const nodes = [...node.targets.values()].filter(({ access }) => access.ids.length > 0)
      .map(({ name, alias }) => ({ name, type: "target" as const, alias }));
    const places = [...portalPlaces(node.portals, localAddress)];
    const portals = await Promise.all(
      places.map(async ({ host, port, portalGroupTag }): Promise<EntityPortal[]> => {
        const addresses = await this.#addressesOf(host);
        return addresses.map((address) => ({ address, port, portalGroupTag }));
      }),
    );
    return { nodes, portals: portals.flat() };
  }

  /** RFC 4171 6.3.1: a portal is registered by its address; a name stands for all that it has. */
  async #addressesOf(host: string): Promise<readonly IpAddress[]> {
    const address = parsePeerAddress(host);
    if (address !== undefined) return [address];
    try {
      return await this.#options.resolve(host);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const facts = { host, reason: error.message };
      this.#options.node.logger.warn("a portal cannot be registered by its name", facts);
      return [];
    }
  }

  /** Resolves when the server has been tried. */
  async tried(place: PortalFacts): Promise<void> {
    await this.#servers.get(isnsServerName(place))?.link.poke();
  }

  facts(place: PortalFacts): IsnsServerFacts {
    const server = this.#servers.get(isnsServerName(place));
    if (server === undefined) return untriedServer(place, "connecting");
    const { link, task } = server;
    const { address, port } = place;
    if (!link.isWell) {
      const facts = untriedServer(place, "connecting");
      const { failure } = link;
      return failure === undefined ? facts : { ...facts, state: "absent", error: failure.message };
    }
    const { nodes = [], portals = [] } = task.entity ?? {};
    return {
      ...{ address, port },
      state: nodes.length > 0 ? "registered" : "idle",
      targets: nodes.length,
      portals: portals.map(({ address, port, portalGroupTag }) => ({
        address: formatIpAddress(address),
        port,
        group: portalGroupTag,
      })),
      error: null,
    };
  }

  /** Takes everything out of the servers. */
  async close(): Promise<void> {
    this.#isOpen = false;
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map(end));
  }
}

/**
 * RFC 4171 6.2.1: unique among all that a server knows. Services of one machine differ in their
 * directories.
 */
export function isnsIdentifier(iqnBase: string, directory: string): string {
  const octets = new TextEncoder().encode(directory);
  const digest = crc32c(octets, 0, octets.length).toString(16).padStart(8, "0");
  return `sanctl-target-${iqnBase}-${digest}`;
}

async function end({ link, task }: Server): Promise<void> {
  await link.stop();
  await task.close();
}
