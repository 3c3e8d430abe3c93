/**
 * E6: power cut and kill at every moment of what is done with snapshots: they are taken, merged
 * away, rolled back to, and their disk is extended, while it is written to. Everything that media
 * and directories may then have is looked at. SANCTL_TEST_CRASH=full runs all short workloads and
 * 5,000 long ones; else it is a part of them.
 */
import { Chance } from "../../support/chance.ts";
import { note } from "../../support/note.ts";
import { chooseSeed, SeededRandom } from "../../support/seeded_random.ts";
import { SimFiles } from "../../support/sim_files.ts";
import { boot } from "./crash_disk.ts";
import { CrashStates, type StateCount } from "./crash_states.ts";
import {
  type Base,
  examineWorld,
  newWorld,
  type SnapshotOperation,
  SnapshotWorld,
} from "./snapshot_world.ts";
import { remembering } from "./remembering.ts";

const BASES: readonly Base[] = ["fixed", "dynamic"];
const WORLDS = { fixed: newWorld("fixed"), dynamic: newWorld("dynamic") };

const ALPHABET: readonly SnapshotOperation[] = [
  { do: "write", at: 2, count: 12 },
  { do: "write", at: 30, count: 4 },
  { do: "write", at: 80, count: 18 }, // to behind the end, where it has grown
  { do: "flush" },
  { do: "snapshot" },
  { do: "snapshot beside", turns: 8 },
  { do: "delete", oldest: true },
  { do: "delete beside", oldest: false },
  { do: "roll back", oldest: true },
  { do: "discard", oldest: false },
  { do: "grow" },
  { do: "kill" },
  { do: "restart" },
];

/** What is always among them. */
const CHOSEN: readonly (readonly SnapshotOperation[])[] = [
  // What was written to last is a parent now, and when that was must outlive a loss of power.
  [{ do: "write", at: 2, count: 12 }, { do: "snapshot" }],
  // The journals of files that change places.
  [{ do: "write", at: 2, count: 12 }, { do: "delete", oldest: true }, { do: "snapshot" }],
  // One that is merged is left for another, and what began from it is still its child.
  [
    { do: "write", at: 30, count: 4 },
    { do: "snapshot" },
    { do: "write", at: 32, count: 4 },
    { do: "delete beside", oldest: false },
    { do: "delete beside", oldest: true },
    { do: "snapshot" },
    { do: "write", at: 30, count: 4 },
    { do: "restart" },
  ],
  [{ do: "grow" }, { do: "snapshot" }, { do: "delete", oldest: true }, {
    do: "discard",
    oldest: true,
  }],
];

const LONGEST_CHOSEN = Math.max(...CHOSEN.map(({ length }) => length));

const isFull = Deno.env.get("SANCTL_TEST_CRASH") === "full";
/** Of the workloads of two and of three operations, so many in a thousand. */
const SHARES = isFull ? [1000, 1000] : [60, 2];
const LONG_WORKLOADS = isFull ? 2500 : 3;
/** Of the moments of a long one, one in so many. */
const MOMENTS = 3;
const STATES = isFull
  ? { mostExhaustive: 4, samples: 10, torn: 0 }
  : { mostExhaustive: 2, samples: 3, torn: 0 };
const STATES_OF_LONG = { mostExhaustive: 1, samples: 2, torn: 0 };

interface Crashed {
  readonly base: Base;
  readonly workload: readonly SnapshotOperation[];
  /** All but its last operation was a workload of its own. */
  readonly isKnown: boolean;
  readonly random: SeededRandom;
  readonly count: StateCount;
}

/** Runs the workload, crashes it everywhere, and answers how many states there were. */
async function crashEverywhere(crashed: Crashed): Promise<number> {
  const { base, workload, isKnown, random, count } = crashed;
  const made = await WORLDS[base];
  const initial = made.files.snapshot();
  const files = SimFiles.of(initial, { times: true });
  const ledger = made.ledger();
  const world = await SnapshotWorld.open(files, ledger);
  const { operations } = files;
  let begunAt = 0;
  for (const operation of workload) {
    begunAt = operations.length;
    await world.do(operation);
  }
  await world.end();
  const look = remembering(examineWorld);
  const isIncidental = (path: string) => path.endsWith(".sjl");
  const states = new CrashStates({ initial, operations, random, isIncidental });
  let total = 0;
  for (let at = isKnown ? begunAt : 0; at <= operations.length; at++) {
    if (workload.length > LONGEST_CHOSEN && !random.onceIn(MOMENTS)) continue;
    try {
      const found = await look(states.killed(at), boot(1));
      ledger.require(found, at, ledger.disk.allowedAfterKill(at));
      total++;
      const allowed = ledger.disk.allowedAfterPowerLoss(at);
      for (const state of states.powerLost(at, count, at === 0 || ledger.isNews(at))) {
        ledger.require(await look(state, boot(2)), at, allowed);
        total++;
      }
    } catch (error) {
      const where = `${base}, ${JSON.stringify(workload)}, after ${at} of ${operations.length}`;
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
  }
  return total;
}

for (const base of BASES) {
  Deno.test(`E6: snapshots of a ${base} disk survive a crash at any moment of short work`, async () => {
    const random = new SeededRandom(chooseSeed());
    let workloads = 0, states = 0;
    for (const workload of CHOSEN) {
      states += await crashEverywhere({ base, workload, isKnown: false, random, count: STATES });
      workloads++;
    }
    for (const one of ALPHABET) {
      for (const two of [undefined, ...ALPHABET]) {
        for (const three of two === undefined ? [undefined] : [undefined, ...ALPHABET]) {
          const workload = [one, two, three].filter((it) => it !== undefined);
          const share = [1000, ...SHARES][workload.length - 1]!;
          if (random.below(1000) >= share) continue;
          const isKnown = workload.length > 1 && (isFull || workload.length === 2);
          states += await crashEverywhere({ base, workload, isKnown, random, count: STATES });
          workloads++;
        }
      }
    }
    note(`crash states, snapshots of a ${base} disk: ${states} after ${workloads} short workloads`);
  });

  Deno.test(`E6: snapshots of a ${base} disk survive a crash at any moment of long work`, async () => {
    const seed = chooseSeed();
    let states = 0;
    for (let run = 0; run < LONG_WORKLOADS; run++) {
      const random = new Chance(seed + run);
      const length = random.between(4, 12);
      const workload = Array.from({ length }, () => random.one(ALPHABET));
      const count = STATES_OF_LONG;
      try {
        states += await crashEverywhere({ base, workload, isKnown: false, random, count });
      } catch (error) {
        throw new Error(`SANCTL_TEST_SEED=${seed}, run ${run}`, { cause: error });
      }
    }
    const what = `${LONG_WORKLOADS} long workloads of seed ${seed}`;
    note(`crash states, snapshots of a ${base} disk: ${states} after ${what}`);
  });
}
