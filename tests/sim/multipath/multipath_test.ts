import assert from "node:assert/strict";
import { note } from "../../support/note.ts";
import { simulateMultipath } from "./simulation.ts";

/** `SANCTL_SIM_SEED=n` repeats one seed, `SANCTL_SIM_SEEDS=n` tries so many new ones. */
const given = Deno.env.get("SANCTL_SIM_SEED");
const count = Number(Deno.env.get("SANCTL_SIM_SEEDS") ?? 100);

const first = given === undefined
  ? Deno.env.has("SANCTL_SIM_SEEDS") ? crypto.getRandomValues(new Uint32Array(1))[0]! : 1
  : Number(given);

/** Seeds that must lose a write where nothing guards against it. */
const ENOUGH = 2;

const SEEDS = Array.from({ length: given === undefined ? count : 1 }, (_, i) => first + i);

Deno.test(`A137, A138, A140: a device over several paths loses nothing, whatever happens to them: seeds ${first} to ${SEEDS.at(-1)}`, async () => {
  const totals = { commands: 0, cuts: 0, ghosts: 0, events: 0 };
  for (const seed of SEEDS) {
    const { wrongs, story, counts } = await simulateMultipath(seed, { guardsAgainstGhosts: true });
    const help = `repeat it with SANCTL_SIM_SEED=${seed}`;
    assert.equal(wrongs.length, 0, `seed ${seed}: ${wrongs[0]}\n${story}\n${help}`);
    totals.commands += counts.commands;
    totals.cuts += counts.cuts;
    totals.ghosts += counts.ghosts;
    totals.events += counts.events;
  }
  note(
    `multipath simulated: ${SEEDS.length} seeds, ${totals.commands} commands, ${totals.cuts} cuts, ` +
      `${totals.ghosts} ghosts, none of which did harm; ${totals.events} events`,
  );
});

Deno.test("A137: the simulation finds ghost writes where nothing is done against them", async () => {
  // Which seeds do changes with every word of the engine: it is enough that some do.
  let found = 0;
  for (let seed = 1; found < ENOUGH && seed <= 200; seed++) {
    const { wrongs } = await simulateMultipath(seed, { guardsAgainstGhosts: false });
    if (wrongs.some((wrong) => /holds write/.test(wrong))) found++;
  }
  assert.equal(found, ENOUGH, `only ${found} of 200 seeds lose a write`);
});
