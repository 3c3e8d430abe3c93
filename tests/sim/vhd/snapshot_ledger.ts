/** What a disk and its snapshots may hold after a crash, at each moment of a workload. */
import assert from "node:assert/strict";
import { CrashLedger, type Stamp } from "./crash_ledger.ts";
import type { Found } from "./snapshot_world.ts";

interface Taken {
  readonly begunAt: number;
  endedAt: number;
  /** By sector: what was there at one of the moments at which it may have been taken. */
  readonly sets: readonly Set<Stamp>[];
  /** When its deletion was asked for, and made. */
  leavingAt: number;
  goneAt: number;
}

type Now = () => number;

export class SnapshotLedger {
  readonly disk: CrashLedger;
  /** What each sector holds now. */
  readonly #stamps: Stamp[];
  readonly #taken = new Map<string, Taken>();
  /** What was kept, or is about to be, under a name that nobody asked for. */
  readonly #kept: (readonly Stamp[])[] = [];
  #sectors: number;

  constructor(stamps: readonly Stamp[], sectors: number) {
    this.disk = new CrashLedger(stamps, sectors);
    this.#stamps = [...stamps];
    this.#sectors = sectors;
  }

  /** One that begins with all of this, durably. */
  goOn(): SnapshotLedger {
    const next = new SnapshotLedger(this.#stamps, this.#sectors);
    for (const [name, { sets }] of this.#taken) {
      next.#taken.set(name, { ...newlyTaken(sets, 0), endedAt: 0 });
    }
    return next;
  }

  get lastStamp(): Stamp {
    return Math.max(...this.#stamps);
  }

  /** Those that are there to stay. */
  get names(): string[] {
    return [...this.#taken].filter(([, { endedAt, leavingAt }]) =>
      endedAt < Infinity && leavingAt === Infinity
    ).map(([name]) => name);
  }

  beginWrite(first: number, end: number, stamp: Stamp, now: Now): () => void {
    const ended = this.disk.begin(first, end, stamp, now);
    this.#stamps.fill(stamp, first, end);
    for (const { sets } of this.#underWay()) {
      for (let sector = first; sector < end; sector++) sets[sector]!.add(stamp);
    }
    return ended;
  }

  beginSnapshot(name: string, now: Now): () => void {
    const sets = this.#stamps.map((stamp) => new Set([stamp]));
    return this.#begin(name, sets, now);
  }

  beginDeletion(name: string, now: Now): () => void {
    const taken = this.#taken.get(name)!;
    taken.leavingAt = now();
    return () => taken.goneAt = now();
  }

  /** It could not be deleted. */
  keep(name: string): void {
    this.#taken.get(name)!.leavingAt = Infinity;
  }

  /** Undefined: it is not certain what that holds. `ended` is told what was kept, and the size. */
  beginRollBack(
    name: string,
    discard: boolean,
    now: Now,
  ): ((kept: string | undefined) => void) | undefined {
    const { sets } = this.#taken.get(name)!;
    if (sets.some(({ size }) => size > 1)) return undefined;
    const before = [...this.#stamps];
    const after = sets.map((set) => [...set][0]!);
    if (!discard) this.#kept.push(before);
    const begunAt = now();
    const ends = after.map((stamp, sector) => this.disk.begin(sector, sector + 1, stamp, now));
    return (kept) => {
      for (const ended of ends) ended();
      this.disk.beginFlush(now)();
      this.#stamps.splice(0, Infinity, ...after);
      if (kept === undefined) return;
      const sets = before.map((stamp) => new Set([stamp]));
      this.#taken.set(kept, { ...newlyTaken(sets, begunAt), endedAt: now() });
    };
  }

  #begin(name: string, sets: readonly Set<Stamp>[], now: Now): () => void {
    const taken = newlyTaken(sets, now());
    this.#taken.set(name, taken);
    return () => taken.endedAt = now();
  }

  #underWay(): Taken[] {
    return [...this.#taken.values()].filter(({ endedAt }) => endedAt === Infinity);
  }

  /** Whether less is allowed after `count` operations than before the last of them. */
  isNews(count: number): boolean {
    return this.disk.isNews(count) ||
      [...this.#taken.values()].some(({ endedAt, goneAt }) =>
        endedAt === count || goneAt === count
      );
  }

  /** What is found after a crash that came when there had been `count` operations. */
  require({ stamps, snapshots }: Found, count: number, allowed: readonly Set<Stamp>[]): void {
    const sizes = this.disk.sizesAfter(count);
    assert.ok(sizes.has(stamps.length), `${stamps.length} sectors, not ${[...sizes]}`);
    requireIn("the disk", stamps, allowed);
    for (const [name, { begunAt, endedAt, sets, leavingAt, goneAt }] of this.#taken) {
      const found = snapshots.get(name);
      if (found === undefined) {
        const isDue = endedAt <= count && leavingAt >= count;
        assert.ok(!isDue || begunAt === endedAt && endedAt === count, `snapshot ${name} is lost`);
      } else {
        assert.ok(begunAt <= count, `snapshot ${name} is early`);
        assert.ok(goneAt > count, `snapshot ${name} is back`);
        requireIn(`snapshot ${name}`, found, sets);
      }
    }
    for (const [name, found] of snapshots) {
      if (this.#taken.has(name)) continue;
      const isKept = this.#kept.some((kept) => found.every((stamp, at) => stamp === kept[at]));
      assert.ok(isKept, `snapshot ${name} comes from nowhere`);
    }
  }
}

function newlyTaken(sets: readonly Set<Stamp>[], begunAt: number): Taken {
  return { begunAt, endedAt: Infinity, sets, leavingAt: Infinity, goneAt: Infinity };
}

function requireIn(
  what: string,
  stamps: readonly Stamp[],
  allowed: readonly Set<Stamp>[],
): void {
  for (const [sector, stamp] of stamps.entries()) {
    if (allowed[sector]!.has(stamp)) continue;
    assert.fail(`${what}: sector ${sector} holds ${stamp}, and may hold ${[...allowed[sector]!]}`);
  }
}
