/** What went through each target since the service began, the sessions that have ended included. */
import type { Session } from "../target/session.ts";
import type { Target } from "../target/target.ts";
import type { CounterFacts } from "./facts.ts";
import { NO_COUNTERS } from "./observation.ts";

export class Traffic {
  /** Sessions that were open when last looked at: their counters outlive them only here. */
  readonly #sessions = new Map<Target, Set<Session>>();
  readonly #ended = new Map<Target, CounterFacts>();
  /** Of targets that are gone. */
  #retired: CounterFacts = NO_COUNTERS;

  /** A session of the target may have begun, or ended. */
  look(target: Target): void {
    const known = this.#sessions.get(target) ?? new Set();
    this.#sessions.set(target, known);
    for (const session of known) {
      if (target.sessions.has(session)) continue;
      known.delete(session);
      this.#ended.set(target, sum(this.#endedOf(target), countersOf(session)));
    }
    for (const session of target.sessions) known.add(session);
  }

  of(target: Target): CounterFacts {
    this.look(target);
    let total = this.#endedOf(target);
    for (const session of target.sessions) total = sum(total, countersOf(session));
    return total;
  }

  /** The target is gone, and its sessions with it; what went through it stays in the whole. */
  retire(target: Target): void {
    this.#retired = sum(this.#retired, this.of(target));
    this.#sessions.delete(target);
    this.#ended.delete(target);
  }

  total(targets: Iterable<Target>): CounterFacts {
    let total = this.#retired;
    for (const target of targets) total = sum(total, this.of(target));
    return total;
  }

  #endedOf(target: Target): CounterFacts {
    return this.#ended.get(target) ?? NO_COUNTERS;
  }
}

export function countersOf({ counters }: Session): CounterFacts {
  const { commands, octetsRead, octetsWritten } = counters;
  return { commands, octetsRead, octetsWritten };
}

function sum(one: CounterFacts, other: CounterFacts): CounterFacts {
  return {
    commands: one.commands + other.commands,
    octetsRead: one.octetsRead + other.octetsRead,
    octetsWritten: one.octetsWritten + other.octetsWritten,
  };
}
