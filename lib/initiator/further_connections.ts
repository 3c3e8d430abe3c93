/**
 * The connections of a kept session besides its leading one: each session that follows another gets
 * them anew. One that does not come about leaves the session as it is, and is tried again.
 */
import type { PortalAddress } from "../iscsi/portal_address.ts";
import type { Authentication } from "./authentication.ts";
import { addConnection, type LogInOptions } from "./log_in.ts";
import type { InitiatorNode } from "./node.ts";
import type { Session } from "./session.ts";

/** What is not said is as with the leading connection. */
export interface ConnectionPlan {
  /** Of the same portal group. */
  readonly portal?: PortalAddress | undefined;
  readonly sourceAddress?: string | undefined;
  readonly authentication?: Authentication | undefined;
  readonly headerDigest?: boolean | undefined;
  readonly dataDigest?: boolean | undefined;
}

/** Whose connections they are: of a KeptSession. */
export interface Leading {
  readonly node: InitiatorNode;
  readonly options: LogInOptions;
  readonly isid: Uint8Array;
  /** Where the leading connection is. */
  readonly portal: PortalAddress;
  readonly where: string;
}

const AGAIN_MS = 10_000;

export class FurtherConnections {
  readonly #leading: Leading;
  readonly #onChange: () => void;
  readonly #plans: Set<ConnectionPlan>;
  /** Those of the session as it is now. */
  readonly #open = new Map<number, ConnectionPlan>();

  constructor(leading: Leading, count: number, onChange: () => void) {
    this.#leading = leading;
    this.#onChange = onChange;
    this.#plans = new Set(Array.from({ length: count - 1 }, () => ({})));
  }

  /**
   * A session has begun: brings up what the target takes. With `mustDo` it fails, and ends the
   * session, where one does not come about.
   */
  async begin(session: Session, { mustDo }: { readonly mustDo: boolean }): Promise<void> {
    this.#open.clear();
    try {
      await this.#fill(session);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (mustDo) {
        await session.logout();
        throw error;
      }
      this.#tryLater(session, error);
    }
  }

  async #fill(session: Session): Promise<void> {
    for (const plan of this.#plans) {
      if (session.connections.length >= session.connectionsWanted(this.#plans.size + 1)) return;
      if (![...this.#open.values()].includes(plan)) await this.#connect(session, plan);
    }
  }

  #tryLater(session: Session, error: Error): void {
    const { node, where } = this.#leading;
    const reason = error.message;
    node.logger.warn("a connection of the session did not come about", { target: where, reason });
    node.clock.after(AGAIN_MS, async () => {
      if (session.isOver) return;
      try {
        await this.#fill(session);
        this.#onChange();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#tryLater(session, error);
      }
    });
  }

  async #connect(session: Session, plan: ConnectionPlan): Promise<number> {
    const { node, options, portal, isid } = this.#leading;
    const given = Object.entries(plan).filter(([, value]) => value !== undefined);
    const asked = { ...options, portal, isid, ...Object.fromEntries(given) };
    const cid = await addConnection(node, session, asked);
    this.#open.set(cid, plan);
    return cid;
  }

  /** One more, now and with every later session; answers its CID. */
  async add(session: Session, plan: ConnectionPlan): Promise<number> {
    const cid = await this.#connect(session, plan);
    this.#plans.add(plan);
    this.#onChange();
    return cid;
  }

  async remove(session: Session, cid: number): Promise<void> {
    await session.removeConnection(cid);
    this.#plans.delete(this.#open.get(cid)!);
    this.#open.delete(cid);
    this.#onChange();
  }
}
