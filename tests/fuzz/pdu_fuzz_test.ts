import { Chance } from "../support/chance.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { FuzzGround } from "./fuzz_ground.ts";
import { STAGES } from "./fuzz_peer.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_CASES=n` makes it longer. */
const CASES = Number(Deno.env.get("SANCTL_FUZZ_CASES") ?? 20_000);
const CASES_OF_A_GROUND = 50;
const AT_ONCE = 4;

for (const stage of STAGES) {
  const count = Math.ceil(CASES / STAGES.length);
  Deno.test(`B-07 B-08 B-19: ${count} connections with anything but iSCSI ${stage} harm nobody`, async () => {
    let seed = chooseSeed();
    for (let left = count; left > 0; left -= CASES_OF_A_GROUND, seed++) {
      try {
        await fuzz(stage, seed, Math.min(left, CASES_OF_A_GROUND));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
      }
    }
  });
}

async function fuzz(stage: typeof STAGES[number], seed: number, cases: number): Promise<void> {
  const ground = new FuzzGround(new Chance(seed));
  const good = ground.keepGood();
  good.catch(() => undefined); // it is awaited below
  let left = cases;
  const attackers = Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await ground.run(stage);
  });
  await Promise.all(attackers);
  await ground.close();
  await good;
}
