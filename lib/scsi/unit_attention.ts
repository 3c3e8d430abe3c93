/**
 * Unit attention conditions: what an initiator must be told before its next command. SAM-5 5.14.
 * Kept for each I_T nexus of a logical unit; the oldest is reported first, an equal one is not
 * queued twice, and a power on or reset condition clears what was established before it (SAM-5
 * 5.14.3 levels).
 */
import type { Nexus } from "./nexus.ts";
import { POWER_ON_OR_RESET_OCCURRED, REPORTED_LUNS_DATA_HAS_CHANGED, type Sense } from "./sense.ts";

/** Conditions kept for one nexus; past it the oldest make way, as SAM-5 5.14.2 allows. */
const MOST_FOR_A_NEXUS = 16;

export class UnitAttentions {
  readonly #pending = new Map<Nexus, Sense[]>();
  /** Conditions pending for all nexuses together; zero lets the fast path pass by. */
  count = 0;

  /**
   * The nexus begins. It is told in the general form (29/00), which SAM-5 allows for every such
   * event: some initiators go on after that one alone.
   */
  attach(nexus: Nexus, first: Sense = POWER_ON_OR_RESET_OCCURRED): void {
    this.#pending.set(nexus, []);
    this.establish(nexus, first);
  }

  /** The nexus is gone, and with it what it was to be told. */
  detach(nexus: Nexus): void {
    this.count -= this.#pending.get(nexus)?.length ?? 0;
    this.#pending.delete(nexus);
  }

  /** The nexuses that use the unit now. */
  nexuses(): IterableIterator<Nexus> {
    return this.#pending.keys();
  }

  establish(nexus: Nexus, condition: Sense): void {
    const queue = this.#pending.get(nexus);
    if (queue === undefined || queue.some((each) => each.code === condition.code)) return;
    // SAM-5 5.14.3: power on and reset conditions (29h) clear the others of the nexus.
    if (condition.code >>> 8 === 0x29) this.#drop(queue, queue.length);
    else if (queue.length === MOST_FOR_A_NEXUS) this.#drop(queue, 1);
    queue.push(condition);
    this.count++;
  }

  /** For every nexus but `cause`, which did it and knows; without `cause`, for every one. */
  establishForOthers(condition: Sense, cause?: Nexus): void {
    for (const nexus of this.#pending.keys()) {
      if (nexus !== cause) this.establish(nexus, condition);
    }
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

  #drop(queue: Sense[], howMany: number): void {
    this.count -= queue.splice(0, howMany).length;
  }
}
