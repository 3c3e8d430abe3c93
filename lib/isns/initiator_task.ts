/**
 * What an initiator does at a server: registers, so that it is told of changes, and asks which
 * targets there are.
 */
import { parsePeerAddress } from "../net/ip_address.ts";
import { Callers } from "./callers.ts";
import type { LinkSurroundings, LinkTask } from "./link.ts";
import type { IsnsLimits } from "./limits.ts";
import { MOST_REFRESH_MS, refreshMsWithin } from "./refresh.ts";
import {
  deregisterEntity,
  type Entity,
  grantedPeriodSeconds,
  isRegistered,
  queryEntity,
  registerEntity,
  registerForChanges,
} from "./registration.ts";
import type { ServerSession } from "./server_session.ts";
import { Status } from "./status.ts";
import { searchTargets, type ShownTargets } from "./target_search.ts";

export interface InitiatorTaskOptions extends LinkSurroundings {
  readonly name: string;
  readonly alias: string;
  /** What the server shows, whenever it was asked. */
  readonly onTargets: (shown: ShownTargets) => void;
  /** The server tells of a change. */
  readonly onTold: () => void;
}

/** How long the server keeps us without hearing of us. */
const PERIOD_SECONDS = 300;

export class InitiatorTask implements LinkTask {
  readonly #options: InitiatorTaskOptions;
  readonly #limits: IsnsLimits;
  readonly #callers: Callers;
  #entity: Entity | undefined;
  #periodSeconds = PERIOD_SECONDS;
  /** When it was registered last, or refused. */
  #triedMs = -Infinity;
  /** The server agreed to tell of changes. */
  isTold = false;

  constructor(options: InitiatorTaskOptions) {
    this.#options = options;
    this.#limits = options.limits;
    const { network, clock, limits, onTold } = options;
    this.#callers = new Callers({ network, clock, limits, listener: { told: onTold } });
  }

  /** Targets are asked for as often, whether or not anybody tells of changes. */
  get refreshMs(): number {
    return refreshMsWithin(this.#periodSeconds);
  }

  async tend(session: ServerSession, isNew: boolean): Promise<void> {
    if (isNew || !await this.#isAsItCanBe(session)) await this.#register(session);
    this.#options.onTargets(await searchTargets(session, this.#options.name, this.#limits));
  }

  /** What the server refused it may take the next time; it is not asked that too often. */
  async #isAsItCanBe(session: ServerSession): Promise<boolean> {
    const entity = this.#entity;
    const isWhole = entity !== undefined && (this.isTold || entity.scn === undefined);
    if (!isWhole && this.#options.clock.nowMs() - this.#triedMs >= MOST_REFRESH_MS) return false;
    return entity === undefined || await this.#isThere(session, entity);
  }

  async #isThere(session: ServerSession, entity: Entity): Promise<boolean> {
    const { name } = this.#options;
    const { status, attributes } = await session.tryAsking(queryEntity(entity.identifier, name));
    return status === Status.SUCCESSFUL && isRegistered(entity, attributes);
  }

  /** Where the server does not have us, it may answer our questions all the same. */
  async #register(session: ServerSession): Promise<void> {
    const { name, alias, clock } = this.#options;
    this.#triedMs = clock.nowMs();
    const address = parsePeerAddress(session.localAddress)!;
    const port = await this.#callers.listen(session.localAddress);
    const entity: Entity = {
      identifier: `sanctl-initiator-${name}`,
      nodes: [{ name, type: "initiator", alias }],
      portals: port === undefined ? [] : [{ address, port, portalGroupTag: 1 }],
      registrationPeriodSeconds: PERIOD_SECONDS,
      scn: port === undefined ? undefined : { portal: 0, port },
    };
    const { status, attributes } = await session.tryAsking(registerEntity(entity, name));
    this.#periodSeconds = grantedPeriodSeconds(attributes) || PERIOD_SECONDS;
    this.#entity = status === Status.SUCCESSFUL ? entity : undefined;
    this.isTold = false;
    if (this.#entity?.scn === undefined) return;
    const answer = await session.tryAsking(registerForChanges(name));
    this.isTold = answer.status === Status.SUCCESSFUL;
  }

  async leave(session: ServerSession): Promise<void> {
    if (this.#entity === undefined) return;
    await session.tryAsking(deregisterEntity(this.#entity.identifier, this.#options.name));
  }

  /** Nobody has to know that we are there. */
  asked(): void {}

  close(): Promise<void> {
    return this.#callers.close();
  }
}
