/** The sessions of the running service, as facts, and their end when an operator asks for it. */
import { hostAndPort } from "../iscsi/portal_address.ts";
import { AccessList } from "../target/access_list.ts";
import { endSessions } from "../target/end_sessions.ts";
import type { TargetNode } from "../target/node.ts";
import { plainAddress } from "../target/portal.ts";
import type { Connection } from "../target/connection.ts";
import type { Session } from "../target/session.ts";
import { outcastsAmong } from "../target/session_admission.ts";
import type { ConnectionFacts, DigestFact, EndedSession, SessionFacts } from "./facts.ts";
import type { RunningTargets } from "./running_targets.ts";
import { countersOf } from "./traffic.ts";

export class RunningSessions {
  readonly #node: TargetNode;
  readonly #targets: RunningTargets;

  constructor(node: TargetNode, targets: RunningTargets) {
    this.#node = node;
    this.#targets = targets;
  }

  /** Those that are open, of one target or of all, in the order they began. */
  facts(target?: string): SessionFacts[] {
    const facts: SessionFacts[] = [];
    for (const [session, name] of this.#named()) {
      if (name === (target ?? name)) facts.push(this.#factsOf(session, name));
    }
    return facts;
  }

  /** The ids of those that nothing of `allow` would admit. */
  outcasts(target: string, allow: readonly string[]): string[] {
    const access = AccessList.of(allow);
    const theirs = this.#targets.get(target)?.openSessions ?? [];
    return outcastsAmong(theirs, access, this.#node.witness).map(({ tsih }) => String(tsih));
  }

  /** Ends those with these ids; initiators have `waitMs` to log out by themselves. */
  async end(ids: readonly string[], waitMs: number): Promise<EndedSession[]> {
    const wanted = new Set(ids);
    const chosen = new Map(this.#named().filter(([{ tsih }]) => wanted.has(String(tsih))));
    const reason = "the operator disconnected it";
    const dropped = await endSessions(this.#node, chosen.keys(), { waitMs, reason });
    return [...chosen].map(([session, target]) => ({
      id: String(session.tsih),
      target,
      initiator: session.initiatorName,
      loggedOut: !dropped.has(session),
    }));
  }

  /** The sessions with a target, and what the operator calls that. */
  #named(): [Session, string][] {
    const names = new Map([...this.#targets.entries()].map(([name, target]) => [target, name]));
    const named: [Session, string][] = [];
    for (const session of this.#node.sessions.values()) {
      const name = session.target === undefined ? undefined : names.get(session.target);
      if (name !== undefined) named.push([session, name]);
    }
    return named;
  }

  #factsOf(session: Session, target: string): SessionFacts {
    const ageMs = this.#node.clock.now().getTime() - session.since.getTime();
    return {
      id: String(session.tsih),
      tsih: session.tsih,
      target,
      iqn: session.target!.name,
      initiator: session.initiatorName,
      alias: session.initiatorAlias,
      chapUser: this.#node.sessions.identityOf(session) ?? null,
      isid: session.isid.toHex(),
      portalGroup: session.targetPortalGroupTag,
      since: session.since.toISOString(),
      ageSeconds: Math.max(0, Math.floor(ageMs / 1000)),
      connections: [...session.connections.values()].map(connectionFacts),
      outstandingTasks: session.tasks.size,
      counters: countersOf(session),
    };
  }
}

function connectionFacts({ cid, endpoint, parameters }: Connection): ConnectionFacts {
  return {
    id: cid,
    peer: hostAndPort(plainAddress(endpoint.remoteAddress), endpoint.remotePort),
    portal: hostAndPort(plainAddress(endpoint.localAddress), endpoint.localPort),
    headerDigest: digest(parameters?.headerDigest),
    dataDigest: digest(parameters?.dataDigest),
  };
}

/** RFC 7143 13.1. */
function digest(isOn: boolean | undefined): DigestFact {
  return isOn ? "CRC32C" : "None";
}
