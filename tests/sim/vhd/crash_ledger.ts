/**
 * What each sector of a disk may hold after a crash, at each moment of a workload. Sectors hold
 * stamps: a number for each write, 0 for zeros.
 */
export type Stamp = number;

interface Write {
  readonly first: number;
  readonly end: number;
  readonly stamp: Stamp;
  /** Operations of files that there had been when it was issued. */
  readonly begunAt: number;
  /** And when it was answered. */
  endedAt: number;
}

interface Flush {
  readonly begunAt: number;
  readonly endedAt: number;
  /** Writes that had ended when it was asked for. */
  readonly covered: ReadonlySet<Write>;
}

interface Growth {
  readonly sectors: number;
  readonly begunAt: number;
  endedAt: number;
}

export class CrashLedger {
  readonly #initially: readonly Stamp[];
  readonly #writes: Write[] = [];
  readonly #flushes: Flush[] = [];
  readonly #growths: Growth[];

  /** What the sectors hold before the workload, durably, and how many of them the disk has. */
  constructor(initially: readonly Stamp[], sectors = initially.length) {
    this.#initially = initially;
    this.#growths = [{ sectors, begunAt: 0, endedAt: 0 }];
  }

  /** The disk is to become larger; the answer is called when it has. */
  beginGrowth(sectors: number, now: () => number): () => void {
    const growth: Growth = { sectors, begunAt: now(), endedAt: Infinity };
    this.#growths.push(growth);
    return () => growth.endedAt = now();
  }

  /** How many sectors the disk may have after `count` operations, whatever has ended it. */
  sizesAfter(count: number): Set<number> {
    const last = this.#growths.findLastIndex(({ endedAt }) => endedAt <= count);
    const possible = this.#growths.filter(({ begunAt }, at) => at === last || begunAt <= count);
    return new Set(possible.slice(possible.indexOf(this.#growths[last]!)).map((it) => it.sectors));
  }

  /** A write is issued; the answer is called when it has ended. */
  begin(first: number, end: number, stamp: Stamp, now: () => number): () => void {
    const write: Write = { first, end, stamp, begunAt: now(), endedAt: Infinity };
    this.#writes.push(write);
    return () => write.endedAt = now();
  }

  /** A flush is asked for; the answer is called when it has ended. */
  beginFlush(now: () => number): () => void {
    const begunAt = now();
    const covered = new Set(this.#writes.filter(({ endedAt }) => endedAt < Infinity));
    return () => this.#flushes.push({ begunAt, endedAt: now(), covered });
  }

  /** Whether less is allowed after `count` operations than before the last of them. */
  isNews(count: number): boolean {
    return [...this.#flushes, ...this.#growths].some(({ endedAt }) => endedAt === count);
  }

  /**
   * What each sector may hold when the power is lost after `count` operations: what the last flush
   * made sure of, or anything issued since.
   */
  allowedAfterPowerLoss(count: number): Set<Stamp>[] {
    const flush = this.#flushes.findLast(({ endedAt }) => endedAt <= count);
    return this.#allowed(count, (write) => flush?.covered.has(write) ?? false);
  }

  /** What each may hold when the process is killed: what was answered last, or is under way. */
  allowedAfterKill(count: number): Set<Stamp>[] {
    return this.#allowed(count, ({ endedAt }) => endedAt <= count);
  }

  #allowed(count: number, isSure: (write: Write) => boolean): Set<Stamp>[] {
    const allowed = this.#initially.map((stamp) => new Set([stamp]));
    for (const write of this.#writes) {
      if (write.begunAt > count) continue;
      for (let sector = write.first; sector < write.end; sector++) {
        if (isSure(write)) allowed[sector] = new Set([write.stamp]);
        else allowed[sector]!.add(write.stamp);
      }
    }
    return allowed;
  }
}
