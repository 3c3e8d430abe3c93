/**
 * F3, B-20: targets that send anything, at every stage, to our initiator. It ends in order, says
 * why, writes nowhere but where it was told to, sends nothing that was not asked for, and never
 * takes for done what the target did not say was done.
 */
import { bytePipe } from "../support/byte_pipe.ts";
import { MemoryNetwork, PORTAL, PORTAL_TEXT } from "../support/initiator_node.ts";
import { LeapingClock } from "../support/test_clock.ts";
import { HOSTILE_STAGES, type PrepareGround } from "./hostile_case.ts";
import { runHostileCases } from "./hostile_run.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_CASES=n` makes it longer. */
const CASES = Number(Deno.env.get("SANCTL_FUZZ_CASES") ?? 5_000);

for (const stage of HOSTILE_STAGES) {
  const cases = Math.ceil(CASES / HOSTILE_STAGES.length);
  Deno.test(`F3 B-20: ${cases} targets that send anything in ${stage} harm nobody`, async () => {
    await runHostileCases({ stage, cases, prepare: inMemory, where: "in memory" });
  });
}

const inMemory: PrepareGround = (chance, answer) => {
  const network = new MemoryNetwork();
  network.portals.set(PORTAL_TEXT, () => {
    const [ours, theirs] = bytePipe();
    if (chance.in100(20)) ours.readLimit = chance.between(1, 100);
    answer(theirs);
    return ours;
  });
  const limits = { probeTimeMs: 1000, commandTimeoutMs: 3000, functionTimeoutMs: 500 };
  const node = network.node({
    clock: new LeapingClock(),
    limits: { ...limits, loginTimeoutMs: 2000, discoveryTimeoutMs: 2000, logoutTimeoutMs: 500 },
  });
  return { node, portal: PORTAL, close: () => Promise.resolve() };
};
