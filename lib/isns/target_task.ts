/** What a target server does at an iSNS server: keeps its targets and portals registered. */
import { formatIpAddress, isSameAddress, parsePeerAddress } from "../net/ip_address.ts";
import { Callers } from "./callers.ts";
import type { LinkSurroundings, LinkTask } from "./link.ts";
import { refreshMsWithin } from "./refresh.ts";
import {
  deregisterEntity,
  type Entity,
  type EntityNode,
  type EntityPortal,
  grantedPeriodSeconds,
  isRegistered,
  queryEntity,
  registerEntity,
} from "./registration.ts";
import type { ServerSession } from "./server_session.ts";
import { Status } from "./status.ts";

/** What there is to register. */
export interface Offer {
  readonly nodes: readonly EntityNode[];
  readonly portals: readonly EntityPortal[];
}

export interface TargetTaskOptions extends LinkSurroundings {
  /** Identifies the server, whatever it serves. */
  readonly identifier: string;
  /** What there is now, for whoever is reached from an address of ours. */
  readonly offer: (localAddress: string) => Promise<Offer>;
}

/** How long the server keeps us without hearing of us. */
const PERIOD_SECONDS = 300;
/** So often the server asks whether we are there. */
const ESI_SECONDS = 60;

export class TargetTask implements LinkTask {
  readonly #options: TargetTaskOptions;
  readonly #callers: Callers;
  /** What the server has agreed to keep. */
  #entity: Entity | undefined;
  #periodSeconds = PERIOD_SECONDS;
  /** The server can come to us and ask. */
  #allowsEsi = true;
  /** The server knows of portal groups. */
  #allowsGroups = true;
  /** How often a server asked whether we are there. */
  inquiries = 0;
  #inquiriesBefore = 0;

  constructor(options: TargetTaskOptions) {
    this.#options = options;
    const { network, clock, limits } = options;
    const listener = { asked: () => this.asked() };
    this.#callers = new Callers({ network, clock, limits, listener });
  }

  /** What is registered; undefined where nothing is. */
  get entity(): Entity | undefined {
    return this.#entity;
  }

  get refreshMs(): number {
    return refreshMsWithin(this.#periodSeconds);
  }

  asked(): void {
    this.inquiries++;
  }

  async tend(session: ServerSession, isNew: boolean): Promise<void> {
    const wanted = await this.#wanted(session);
    const present = this.#entity;
    if (wanted.nodes.length === 0 || wanted.portals.length === 0) {
      if (present !== undefined) await this.leave(session);
      return;
    }
    const isAsWanted = present !== undefined && contentOf(present) === contentOf(wanted);
    if (!isNew && isAsWanted && await this.#isThere(session, present)) return;
    await this.#register(session, this.#allowsEsi ? wanted : { ...wanted, esi: undefined });
  }

  async #wanted(session: ServerSession): Promise<Entity> {
    const { identifier, offer } = this.#options;
    const { nodes, portals } = await offer(session.localAddress);
    const entity = { identifier, nodes, portals, registrationPeriodSeconds: PERIOD_SECONDS };
    // The server comes to the address of a portal: only to one that is ours.
    const own = parsePeerAddress(session.localAddress)!;
    const portal = portals.findIndex(({ address }) => isSameAddress(address, own));
    if (portal < 0 || nodes.length === 0) return entity;
    const port = await this.#callers.listen(session.localAddress);
    if (port === undefined) return entity;
    return { ...entity, esi: { portal, port, intervalSeconds: ESI_SECONDS } };
  }

  /** Asks for what is kept, which keeps it too. */
  async #isThere(session: ServerSession, present: Entity): Promise<boolean> {
    const question = queryEntity(present.identifier, present.nodes[0]!.name);
    const { status, attributes } = await session.tryAsking(question);
    if (status === Status.SUCCESSFUL && isRegistered(present, attributes)) return true;
    // It asked whether we are there, and something on the way kept that from us.
    const wasAsked = this.inquiries > this.#inquiriesBefore;
    if (present.esi !== undefined && !wasAsked) this.#allowsEsi = false;
    return false;
  }

  async #register(session: ServerSession, wanted: Entity): Promise<void> {
    const source = (this.#entity ?? wanted).nodes[0]!.name;
    const question = registerEntity(wanted, source, { groups: this.#allowsGroups });
    const { status, attributes } = await session.tryAsking(question);
    switch (status) {
      case Status.SUCCESSFUL:
        this.#entity = wanted;
        this.#inquiriesBefore = this.inquiries;
        this.#periodSeconds = grantedPeriodSeconds(attributes) || PERIOD_SECONDS;
        return;
      case Status.ESI_NOT_AVAILABLE:
        if (wanted.esi === undefined) break;
        this.#allowsEsi = false;
        return await this.#register(session, { ...wanted, esi: undefined });
      case Status.REGISTRATION_FEATURE_NOT_SUPPORTED:
        if (!this.#allowsGroups) break;
        this.#allowsGroups = false;
        return await this.#register(session, wanted);
    }
    this.#entity = undefined;
    throw session.refusal(question, status!);
  }

  async leave(session: ServerSession): Promise<void> {
    const present = this.#entity;
    if (present === undefined) return;
    this.#entity = undefined;
    await session.ask(deregisterEntity(present.identifier, present.nodes[0]!.name));
  }

  close(): Promise<void> {
    return this.#callers.close();
  }
}

/** All of an entity that initiators see, as one text. */
function contentOf({ nodes, portals }: Entity): string {
  const places = portals.map(({ address, ...rest }) => ({
    address: formatIpAddress(address),
    ...rest,
  }));
  return JSON.stringify({ nodes, places });
}
