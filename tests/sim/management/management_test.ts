/**
 * Management commands in random order, with mistakes, restarts, and initiators that come and go.
 * After each the declared state, what the service tells of itself, and what initiators see must be
 * what the model says.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { memory } from "../../support/memory.ts";
import { note } from "../../support/note.ts";
import { story } from "./commands.ts";
import { Tally } from "./tally.ts";
import { VERBS } from "./verbs.ts";
import { World } from "./world.ts";

/** `SANCTL_SIM_SEED=n` repeats a run, `SANCTL_MANAGEMENT_RUNS=n` tries so many sequences. */
const seed = Number(Deno.env.get("SANCTL_SIM_SEED") ?? 1);
const runs = Number(Deno.env.get("SANCTL_MANAGEMENT_RUNS") ?? 1000);

Deno.test(`commands do what the model says, seen from every side: ${runs} sequences, seed ${seed}`, async () => {
  const tally = new Tally();
  const startMs = performance.now();
  const alike = fc.asyncProperty(story, async (commands) => {
    const directory = await Deno.makeTempDir(memory());
    const world = await World.start(directory, tally);
    try {
      for (const each of commands) await world.step(each);
      await world.conclude();
    } finally {
      await world.stop();
      await Deno.remove(directory, { recursive: true });
    }
  });
  await fc.assert(alike, { numRuns: runs, seed });
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const count = tally.of("commands");
  note(`management: ${count} commands in ${runs} sequences agree, in ${seconds} s (seed ${seed})`);
  note(`management: ${tally.text}`);
  for (const verb of VERBS.keys()) {
    const done = tally.of(`${verb} done`);
    assert.ok(done >= runs / 100, `${verb} was done only ${done} times`);
  }
  assert.ok(tally.of("LUNs looked at") > 10 * runs, "initiators see something");
});
