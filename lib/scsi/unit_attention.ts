/**
 * Unit attention conditions: what an initiator must be told before its next command. SAM-5 5.14.
 * Kept for each I_T nexus of a logical unit; the oldest is reported first, an equal one is not
 * queued twice, and a power on or reset condition clears what was established before it (SAM-5
 * 5.14.3 levels).
 */
import { type Nexus, nexusId } from "./nexus.ts";
import {
  I_T_NEXUS_LOSS_OCCURRED,
  POWER_ON_OR_RESET_OCCURRED,
  REPORTED_LUNS_DATA_HAS_CHANGED,
  type Sense,
} from "./sense.ts";

/** Conditions kept for one nexus; past it the oldest make way, as SAM-5 5.14.2 allows. */
const MOST_FOR_A_NEXUS = 16;

/** Nexuses that are remembered after their loss; past it the oldest come back as strangers. */
const MOST_LOST = 256;

export class UnitAttentions {
  readonly #pending = new Map<Nexus, Sense[]>();
  /** What those that were lost are told when they come back. */
  readonly #lost = new Map<string, Sense[]>();
  /** Conditions pending for all nexuses together; zero lets the fast path pass by. */
  count = 0;

  /**
   * The nexus begins. One that was lost is told so (29/07), and that says that the unit has been
   * neither restarted nor reset since: its initiator need not doubt what the write cache had taken.
   * Every other one is told in the general form (29/00), which SAM-5 allows for every such event:
   * some initiators go on after that one alone.
   */
  attach(nexus: Nexus): void {
    const id = nexusId(nexus);
    const conditions = this.#lost.get(id) ?? [POWER_ON_OR_RESET_OCCURRED];
    this.#lost.delete(id);
    this.#pending.set(nexus, []);
    for (const condition of conditions) this.establish(nexus, condition);
  }

  /** The nexus is gone, and with it what it was to be told. */
  detach(nexus: Nexus): void {
    this.count -= this.#pending.get(nexus)?.length ?? 0;
    this.#pending.delete(nexus);
  }

  /** The nexus is lost, and may come back. SAM-5 6.3.4. */
  lose(nexus: Nexus): void {
    const untold = this.#pending.get(nexus) ?? [];
    this.detach(nexus);
    const others = untold.filter(({ code }) => code !== I_T_NEXUS_LOSS_OCCURRED.code);
    // Whoever has not heard of a power on or a reset yet is not to hear of less.
    if (others.some(({ code }) => code >>> 8 === POWER_ON_OR_RESET_OCCURRED.code >>> 8)) return;
    this.#lost.set(nexusId(nexus), [I_T_NEXUS_LOSS_OCCURRED, ...others]);
    if (this.#lost.size > MOST_LOST) this.#lost.delete(this.#lost.keys().next().value!);
  }

  /** The unit is not as those left it that were lost: they come back as strangers. */
  forgetLost(): void {
    this.#lost.clear();
  }

  /** The nexuses that use the unit now. */
  nexuses(): IterableIterator<Nexus> {
    return this.#pending.keys();
  }

  establish(nexus: Nexus, condition: Sense): void {
    const queue = this.#pending.get(nexus);
    if (queue === undefined) return;
    const before = queue.length;
    enqueue(queue, condition);
    this.count += queue.length - before;
  }

  /**
   * For every nexus but `cause`, which did it and knows; without `cause`, for every one. Those that
   * are lost hear of it when they come back.
   */
  establishForOthers(condition: Sense, cause?: Nexus): void {
    for (const nexus of this.#pending.keys()) {
      if (nexus !== cause) this.establish(nexus, condition);
    }
    for (const queue of this.#lost.values()) enqueue(queue, condition);
  }

  /** What the nexus is to be told next, left in place. */
  peek(nexus: Nexus): Sense | undefined {
    return this.#pending.get(nexus)?.[0];
  }

  /** What the nexus is to be told next, which is thereby told. */
  take(nexus: Nexus): Sense | undefined {
    const condition = this.#pending.get(nexus)?.shift();
    if (condition !== undefined) this.count--;
    return condition;
  }

  /** REPORT LUNS tells of the inventory itself, so the condition is settled. SPC-4 6.33. */
  settleReportedLuns(nexus: Nexus): void {
    const queue = this.#pending.get(nexus);
    const at = queue?.indexOf(REPORTED_LUNS_DATA_HAS_CHANGED) ?? -1;
    if (at < 0) return;
    queue!.splice(at, 1);
    this.count--;
  }
}

function enqueue(queue: Sense[], condition: Sense): void {
  if (queue.some((each) => each.code === condition.code)) return;
  // SAM-5 5.14.3: power on and reset conditions (29h) clear the others of the nexus.
  if (condition.code >>> 8 === 0x29) queue.length = 0;
  else if (queue.length === MOST_FOR_A_NEXUS) queue.shift();
  queue.push(condition);
}
