/** Every session of a node, discovery sessions too, by the handle that the initiator was given. */
import type { Random } from "../runtime/random.ts";
import type { Session } from "./session.ts";

/** What makes two sessions the same one in turn: the I_T nexus. RFC 7143 4.4.2, 6.3.5. */
export interface SessionNexus {
  readonly initiatorName: string;
  /** Six octets. */
  readonly isid: Uint8Array;
  /** Undefined: discovery. */
  readonly targetName: string | undefined;
  readonly targetPortalGroupTag: number;
}

/** TSIH is 16 bits, and zero means that there is no session yet. RFC 7143 11.12.6. */
const MOST_SESSIONS = 0xffff;

export class SessionRegistry {
  readonly #byTsih = new Map<number, Session>();
  readonly #byNexus = new Map<string, Session>();
  /** As whom the initiator of a session authenticated itself. */
  readonly #identities = new WeakMap<Session, string>();
  #lastTsih: number;

  /** Handles begin anywhere, so that one from before a restart names no session by accident. */
  constructor(random: Random) {
    this.#lastTsih = random.u32() % MOST_SESSIONS;
  }

  get size(): number {
    return this.#byTsih.size;
  }

  get isFull(): boolean {
    return this.#byTsih.size >= MOST_SESSIONS;
  }

  /** Connections of all sessions. */
  get connectionCount(): number {
    let count = 0;
    for (const { connections } of this.#byTsih.values()) count += connections.size;
    return count;
  }

  /** The sessions, in the order of their logins. */
  values(): Iterable<Session> {
    return this.#byTsih.values();
  }

  /** The session with this target session identifying handle. */
  get(tsih: number): Session | undefined {
    return this.#byTsih.get(tsih);
  }

  /**
   * The session that a login with TSIH 0 would reinstate. Discovery sessions stand side by side.
   */
  find(nexus: SessionNexus): Session | undefined {
    return this.#byNexus.get(keyOf(nexus));
  }

  /** A handle that names no session. */
  allocateTsih(): number {
    if (this.isFull) throw new RangeError(`${MOST_SESSIONS} sessions are the most`);
    do this.#lastTsih = this.#lastTsih % MOST_SESSIONS + 1; while (
      this.#byTsih.has(this.#lastTsih)
    );
    return this.#lastTsih;
  }

  /** Takes in a session that has logged in. */
  add(session: Session, identity: string | undefined): void {
    this.#byTsih.set(session.tsih, session);
    if (!session.isDiscovery) this.#byNexus.set(keyOf(nexusOf(session)), session);
    if (identity !== undefined) this.#identities.set(session, identity);
  }

  /** As whom the initiator authenticated itself; undefined where nothing was asked. */
  identityOf(session: Session): string | undefined {
    return this.#identities.get(session);
  }

  delete(session: Session): void {
    if (this.#byTsih.get(session.tsih) === session) this.#byTsih.delete(session.tsih);
    const key = keyOf(nexusOf(session));
    if (this.#byNexus.get(key) === session) this.#byNexus.delete(key);
  }
}

function nexusOf(session: Session): SessionNexus {
  const { initiatorName, isid, target, targetPortalGroupTag } = session;
  return { initiatorName, isid, targetName: target?.name, targetPortalGroupTag };
}

/** Names hold no blanks, so nothing can be read two ways. */
function keyOf({ initiatorName, isid, targetName, targetPortalGroupTag }: SessionNexus): string {
  return `${initiatorName} ${isid.toHex()} ${targetName ?? ""} ${targetPortalGroupTag}`;
}
