/**
 * The iSNS servers that the initiator asks for targets, and that tell it of changes. What one
 * showed last is remembered while it is away.
 */
import { ControlError } from "../config/control_error.ts";
import type { EventSink } from "../events/event_sink.ts";
import { InitiatorTask } from "../isns/initiator_task.ts";
import { ISNS_LIMITS } from "../isns/limits.ts";
import { Link } from "../isns/link.ts";
import type { Network } from "../isns/network.ts";
import type { RegisteredTarget } from "../isns/registered_targets.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import type { IsnsServerFacts, PortalFacts } from "./facts.ts";
import { unusedServer } from "./facts_of.ts";
import { portalText } from "./host.ts";
import type { DiscoverySource } from "./known_targets.ts";

export interface IsnsServersOptions {
  readonly network: Network;
  readonly events: EventSink;
}

const TOO_MANY = `it shows more than ${ISNS_LIMITS.targets} targets, or ${ISNS_LIMITS.portals} ` +
  "portals of one: the rest is left out";

/** One server, under the name that the initiator has now. */
interface Server {
  readonly place: PortalFacts;
  readonly name: string;
  readonly task: InitiatorTask;
  readonly link: Link;
  targets: readonly RegisteredTarget[] | undefined;
  /** It has more than are remembered. */
  isCut: boolean;
  askedAt: string | null;
}

export class IsnsServers {
  readonly #options: IsnsServersOptions;
  readonly #servers = new Map<string, Server>();

  constructor(options: IsnsServersOptions) {
    this.#options = options;
  }

  /** Becomes what is declared; nothing of it is waited for but the leave of those that go. */
  async reconcile(node: InitiatorNode, declared: readonly PortalFacts[]): Promise<void> {
    const wanted = new Map(declared.map((place) => [portalText(place), place]));
    const gone = [...this.#servers].filter(([key, { name }]) =>
      !wanted.has(key) || name !== node.name
    );
    for (const [key] of gone) this.#servers.delete(key);
    for (const [key, place] of wanted) {
      if (this.#servers.has(key)) continue;
      const old = gone.find(([each]) => each === key)?.[1];
      const server = this.#make(node, place, old);
      this.#servers.set(key, server);
      server.link.start();
    }
    await Promise.all(gone.map(([, server]) => end(server)));
  }

  #make(node: InitiatorNode, place: PortalFacts, old: Server | undefined): Server {
    const { network, events } = this.#options;
    const { name, alias = "", clock, random, logger } = node;
    const around = { network, clock, random, limits: ISNS_LIMITS };
    const where = portalText(place);
    const task = new InitiatorTask({
      ...around,
      ...{ name, alias },
      onTargets({ targets, isCut }) {
        server.targets = targets;
        server.isCut = isCut;
        server.askedAt = clock.now().toISOString();
      },
      // Anybody can tell us anything: while the server is away, we try it at our own pace.
      onTold() {
        if (link.isWell) link.rouse();
      },
    });
    const link = new Link({
      ...around,
      task,
      server: { host: place.address, port: place.port },
      onChange(failure) {
        if (failure === undefined) {
          logger.info("an iSNS server is in use", { server: where });
          events.note("isns-server-present", { server: where });
        } else {
          logger.warn("an iSNS server cannot be used", { server: where, reason: failure.message });
          events.note("isns-server-absent", { server: where, reason: failure.message });
        }
      },
    });
    const { targets, askedAt = null } = old ?? {};
    const server: Server = { place, name, task, link, targets, askedAt, isCut: false };
    return server;
  }

  /** What the servers show, each with who shows it. */
  get found(): readonly DiscoverySource[] {
    return [...this.#servers].map(([key, { targets = [] }]) => ({
      foundBy: `isns:${key}`,
      targets: targets.map(({ name, portals }) => ({
        name,
        addresses: portals.map(({ address, port, portalGroupTag }) => ({
          host: address,
          ...{ port, portalGroupTag },
        })),
      })),
    }));
  }

  /** Asks one, or all, now; none fails. */
  async refresh(place?: PortalFacts): Promise<void> {
    const chosen = place === undefined
      ? [...this.#servers.values()]
      : [this.#servers.get(portalText(place))!];
    await Promise.all(chosen.map(({ link }) => link.poke()));
  }

  facts(place: PortalFacts): IsnsServerFacts {
    const server = this.#servers.get(portalText(place));
    if (server === undefined) return unusedServer(place, "connecting");
    const { link, task, targets, askedAt, isCut } = server;
    return {
      address: place.address,
      port: place.port,
      state: link.isWell ? "connected" : link.failure === undefined ? "connecting" : "absent",
      notifies: link.isWell && task.isTold,
      targets: targets?.length ?? null,
      askedAt,
      error: link.failure?.message ?? (isCut ? TOO_MANY : null),
    };
  }

  /** Why a server cannot be used, as a command tells it. */
  failureOf(place: PortalFacts): ControlError | undefined {
    const failure = this.#servers.get(portalText(place))?.link.failure;
    if (failure === undefined) return undefined;
    return new ControlError(failure.kind, failure.message, failure.next, { cause: failure });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(end));
    this.#servers.clear();
  }
}

async function end({ link, task }: Server): Promise<void> {
  await link.stop();
  await task.close();
}
