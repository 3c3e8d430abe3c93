import assert from "node:assert/strict";
import { simulate } from "./simulation.ts";

/** `SANCTL_SIM_SEED=n` repeats one seed, `SANCTL_SIM_SEEDS=n` tries so many new ones. */
const given = Deno.env.get("SANCTL_SIM_SEED");
const count = Number(Deno.env.get("SANCTL_SIM_SEEDS") ?? 200);

const first = given === undefined
  ? Deno.env.has("SANCTL_SIM_SEEDS") ? crypto.getRandomValues(new Uint32Array(1))[0]! : 1
  : Number(given);

const SEEDS = Array.from({ length: given === undefined ? count : 1 }, (_, i) => first + i);

Deno.test(`a target serves its initiators rightly, whatever happens: seeds ${first} to ${SEEDS.at(-1)}`, async () => {
  const totals = { good: 0, failed: 0, gone: 0 };
  for (const seed of SEEDS) {
    const { wrongs, story, counts } = await simulate(seed);
    const help = `repeat it with SANCTL_SIM_SEED=${seed}`;
    assert.equal(wrongs.length, 0, `seed ${seed}: ${wrongs[0]}\n${story}\n${help}`);
    totals.good += counts.good;
    totals.failed += counts.failed;
    totals.gone += counts.gone;
  }
  if (given === undefined) assert.ok(totals.good > 10 * SEEDS.length, "most commands succeed");
});
