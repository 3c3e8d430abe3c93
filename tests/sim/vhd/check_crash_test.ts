/**
 * A repair that is cut off at any moment, by a kill or a loss of power, leaves a file that is no
 * worse: what could be read can be, and the next repair ends it.
 */
import assert from "node:assert/strict";
import { repairImage } from "../../../lib/vhd/check/check_image.ts";
import { note } from "../../support/note.ts";
import { chooseSeed, SeededRandom } from "../../support/seeded_random.ts";
import { SimFiles, type SimState } from "../../support/sim_files.ts";
import { around, DAMAGES, readings, wholeDisk } from "../../unit/vhd/check/damaged_disks.ts";
import { DISK } from "../../unit/vhd/vhd_fixture.ts";
import { CrashStates } from "./crash_states.ts";

const STATES = { mostExhaustive: 6, samples: 40, torn: 2 };

/** Undone by nothing that was damaged before: a repair of it ends, and reads the same. */
async function requireNoWorse(state: SimState, before: Uint8Array | undefined): Promise<void> {
  const files = SimFiles.of(state);
  if (before !== undefined) assert.deepEqual(await readings(files), before);
  const { findings } = await repairImage(DISK, { files, ...around() });
  assert.ok(findings.every(({ severity }) => severity === "note"), JSON.stringify(findings));
  const after = await readings(files);
  assert.ok(after !== undefined);
  if (before !== undefined) assert.deepEqual(after, before);
}

Deno.test("E6: a repair that is cut off anywhere leaves a file that is no worse, and is ended by the next", async () => {
  const random = new SeededRandom(chooseSeed());
  let repairs = 0, states = 0;
  for (const { name, kinds, make, finds } of DAMAGES) {
    if (!finds.some(([, severity]) => severity === "flaw")) continue;
    for (const kind of kinds) {
      const whole = await wholeDisk(kind);
      whole.put(DISK, make(whole.octets(DISK)));
      const files = SimFiles.of(whole.snapshot());
      const initial = files.snapshot();
      const before = await readings(files);
      await repairImage(DISK, { files, ...around() });
      const { operations } = files;
      const crashes = new CrashStates({ initial, operations, random });
      repairs++;
      for (let at = 0; at <= operations.length; at++) {
        try {
          await requireNoWorse(crashes.killed(at), before);
          for (const state of crashes.powerLost(at, STATES)) {
            await requireNoWorse(state, before);
            states++;
          }
          states++;
        } catch (error) {
          const where = `${kind}, ${name}, after ${at} of ${operations.length}`;
          throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
        }
      }
    }
  }
  note(`crash states of repairs: ${states} of ${repairs} repairs, none worse, all repaired again`);
});
