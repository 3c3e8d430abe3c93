/**
 * Snapshots, backups and restarts in random order, with deleted snapshots merged in the background.
 * After each step every disk and clone must hold what the model says, now and then every snapshot,
 * and in the end every backup.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { memory } from "../../support/memory.ts";
import { note } from "../../support/note.ts";
import { withSnapshots } from "../../unit/config/snapshots/snapshot_fixture.ts";
import { Tally } from "../management/tally.ts";
import { Ground } from "./ground.ts";
import { story } from "./story.ts";

/** `SANCTL_SIM_SEED=n` repeats a run, `SANCTL_SNAPSHOT_RUNS=n` tries so many sequences. */
const seed = Number(Deno.env.get("SANCTL_SIM_SEED") ?? 1);
const runs = Number(Deno.env.get("SANCTL_SNAPSHOT_RUNS") ?? 16);

const DONE = ["create", "delete", "rollBack", "attach", "prune", "restoreOver", "extend"];

Deno.test(`snapshots and backups hold what they must: ${runs} sequences, seed ${seed}`, async () => {
  const tally = new Tally();
  const alike = fc.asyncProperty(story, (steps) =>
    withSnapshots(
      async (world) => {
        const ground = await Ground.prepare(world, tally);
        for (const [at, step] of steps.entries()) {
          await ground.run(step);
          await ground.check();
          if (at % 4 === 3) await ground.checkSnapshots();
        }
        await ground.checkSnapshots();
        await ground.conclude();
      },
      systemClock,
      memory(),
    ));
  await fc.assert(alike, { numRuns: runs, seed, endOnFailure: true });
  note(`snapshots: ${tally.of("steps")} steps in ${runs} sequences agree (seed ${seed})`);
  note(`snapshots: ${tally.text}`);
  for (const verb of DONE) assert.ok(tally.of(`${verb} done`) >= runs / 24, `${verb} was rare`);
  assert.ok(tally.of("backUp incremental") >= runs / 6, "few backups leant on one before");
  assert.ok(tally.of("backups restored") > runs / 2, "few backups were restored");
});
