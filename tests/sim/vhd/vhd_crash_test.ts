/**
 * E6: power cut and kill at every moment of a workload, with everything that a medium may then have
 * of it. Workloads of up to three operations are all there are; longer ones are drawn by chance.
 * SANCTL_TEST_CRASH=full runs all short workloads and 5,000 long ones, which with those of
 * snapshots are 10,000; else it is a part of them.
 */
import { Chance } from "../../support/chance.ts";
import { note } from "../../support/note.ts";
import { chooseSeed, SeededRandom } from "../../support/seeded_random.ts";
import { TestClock } from "../../support/test_clock.ts";
import {
  boot,
  DISK,
  type DiskOperation,
  examine,
  type Kind,
  MOST_SECTORS,
  newDisk,
  requireAllowed,
  runWorkload,
  SECTORS,
} from "./crash_disk.ts";
import { CrashLedger } from "./crash_ledger.ts";
import { remembering } from "./remembering.ts";
import { CrashStates, type StateCount } from "./crash_states.ts";

const KINDS: readonly Kind[] = ["dynamic", "differencing"];

/** What a workload is made of: every way that a disk changes. */
const ALPHABET: readonly DiskOperation[] = [
  { do: "write", at: 0, count: 8 }, // a unit of the first block
  { do: "write", at: 1, count: 2 }, // part of the same unit
  { do: "write", at: 12, count: 8 }, // from the first block into the second
  { do: "write later", at: 32, count: 16 }, // all of the third block
  { do: "write", at: 81, count: 2 }, // the end of the disk
  { do: "unmap", at: 0, count: 16 }, // a whole block
  { do: "unmap", at: 3, count: 6 }, // parts of units
  { do: "write", at: 80, count: 18 }, // to behind the end, where it has grown
  { do: "flush" },
  { do: "flush beside", turns: 0 },
  { do: "grow" },
  { do: "grow beside", turns: 3 },
  { do: "wait" },
  { do: "reopen" },
  { do: "kill" },
];

/** Longer ones that chance seldom draws. */
const CHOSEN: readonly (readonly DiskOperation[])[] = [
  // A place that is given up must not be another's before the table is durable.
  [
    { do: "write", at: 0, count: 16 },
    { do: "flush" },
    { do: "unmap", at: 0, count: 16 },
    { do: "write", at: 16, count: 16 },
    { do: "write", at: 32, count: 16 },
    { do: "write", at: 48, count: 16 },
    { do: "write", at: 64, count: 16 },
  ],
  // Nor after a kill, when the page cache alone has the table.
  [
    { do: "write", at: 0, count: 16 },
    { do: "write", at: 16, count: 16 },
    { do: "flush" },
    { do: "unmap", at: 0, count: 16 },
    { do: "kill" },
    { do: "write", at: 32, count: 16 },
    { do: "write", at: 48, count: 16 },
  ],
];

const isFull = Deno.env.get("SANCTL_TEST_CRASH") === "full";
/** Of the workloads of three operations, so many in a thousand. */
const SHARE = isFull ? 1000 : 8;
/** Of the moments of a drawn one, one in so many. */
const MOMENTS = 3;
const LONGEST_CHOSEN = Math.max(...CHOSEN.map(({ length }) => length));
const LONG_WORKLOADS = isFull ? 2500 : 20;
const STATES = isFull
  ? { mostExhaustive: 12, samples: 200, torn: 2 }
  : { mostExhaustive: 5, samples: 20, torn: 1 };
const STATES_OF_LONG = { mostExhaustive: 3, samples: 8, torn: 1 };

const look = remembering(examine);

/** Runs the workload, crashes it everywhere, and answers how many states there were. */
async function crashEverywhere(crashed: Omit<CrashedDisk, "isCrowded">): Promise<number> {
  const grows = crashed.workload.some(({ do: what }) => what.startsWith("grow"));
  let total = 0;
  for (const isCrowded of grows ? [false, true] : [false]) {
    total += await crashDisk({ ...crashed, isCrowded });
  }
  return total;
}

interface CrashedDisk {
  readonly kind: Kind;
  readonly isCrowded: boolean;
  readonly workload: readonly DiskOperation[];
  /** All but its last operation was a workload of its own. */
  readonly isKnown: boolean;
  readonly random: SeededRandom;
  readonly count: StateCount;
}

async function crashDisk(
  { kind, isCrowded, workload, isKnown, random, count }: CrashedDisk,
): Promise<number> {
  const { files, stamps } = await newDisk(kind, isCrowded);
  const initial = files.snapshot();
  const ledger = new CrashLedger(stamps, SECTORS);
  const around = { files, clock: new TestClock(), bootId: boot(1) };
  const begunAt = await runWorkload(workload, { ...around, ledger });
  const { operations } = files;
  const isIncidental = (path: string) => path !== DISK;
  const states = new CrashStates({ initial, operations, random, isIncidental });
  let total = 0;
  // What comes before its last operation, shorter workloads have shown.
  for (let at = isKnown ? begunAt : 0; at <= operations.length; at++) {
    if (workload.length > LONGEST_CHOSEN && !random.onceIn(MOMENTS)) continue;
    try {
      const sizes = ledger.sizesAfter(at);
      const found = await look(states.killed(at), boot(1));
      requireAllowed(found, ledger.allowedAfterKill(at), sizes);
      const allowed = ledger.allowedAfterPowerLoss(at);
      for (const state of states.powerLost(at, count, at === 0 || ledger.isNews(at))) {
        requireAllowed(await look(state, boot(2)), allowed, sizes);
        total++;
      }
    } catch (error) {
      const where = `${kind}${isCrowded ? ", crowded" : ""}, ${
        JSON.stringify(workload)
      }, after ${at} of ${operations.length}`;
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
    total++;
  }
  return total;
}

for (const kind of KINDS) {
  Deno.test(`E6: a ${kind} disk survives a crash at any moment of a short workload`, async () => {
    const random = new SeededRandom(chooseSeed());
    let workloads = 0, states = 0;
    for (const workload of CHOSEN) {
      states += await crashEverywhere({ kind, workload, isKnown: false, random, count: STATES });
      workloads++;
    }
    for (const one of ALPHABET) {
      for (const two of [undefined, ...ALPHABET]) {
        for (const three of two === undefined ? [undefined] : [undefined, ...ALPHABET]) {
          const workload = [one, two, three].filter((it) => it !== undefined);
          if (workload.length === 3 && random.below(1000) >= SHARE) continue;
          const isKnown = workload.length > 1;
          states += await crashEverywhere({ kind, workload, isKnown, random, count: STATES });
          workloads++;
        }
      }
    }
    note(`crash states, ${kind}: ${states} after ${workloads} short workloads, all in order`);
  });

  Deno.test(`E6: a ${kind} disk survives a crash at any moment of a long workload`, async () => {
    const seed = chooseSeed();
    let states = 0;
    for (let run = 0; run < LONG_WORKLOADS; run++) {
      const chance = new Chance(seed + run);
      const workload = Array.from({ length: chance.between(4, 12) }, () => operation(chance));
      try {
        const drawn = { kind, workload, isKnown: false, random: chance, count: STATES_OF_LONG };
        states += await crashEverywhere(drawn);
      } catch (error) {
        throw new Error(`SANCTL_TEST_SEED=${seed}, run ${run}`, { cause: error });
      }
    }
    note(`crash states, ${kind}: ${states} after ${LONG_WORKLOADS} long workloads of seed ${seed}`);
  });
}

function operation(chance: Chance): DiskOperation {
  if (chance.onceIn(2)) return chance.one(ALPHABET);
  if (chance.onceIn(4)) {
    return { do: chance.one(["flush beside", "grow beside"]), turns: chance.below(12) };
  }
  const at = chance.below(MOST_SECTORS);
  const count = chance.between(1, Math.min(20, MOST_SECTORS - at));
  return { do: chance.one(["write", "write later", "unmap"]), at, count };
}
