import assert from "node:assert/strict";
import { begin, finish } from "../../../lib/scsi/device_server.ts";
import { Step, type Task } from "../../../lib/scsi/task.ts";
import {
  BYTCHK,
  cdb,
  FUA,
  NDOB,
  Op,
  UNMAP,
  unmapCdb,
  unmapList,
} from "../../support/block_commands.ts";
import { lunsOf, taskOf, unitOf } from "../../support/scsi.ts";

const BLOCKS = 1200;
const LIST = unmapList([0, 8], [16, 8], [32, 8]);

/** Commands that do several things to the medium, all of them on zeros. */
const COMMANDS: readonly { name: string; cdb: Uint8Array; dataOut?: Uint8Array }[] = [
  { name: "WRITE AND VERIFY", cdb: cdb(Op.WRITE_AND_VERIFY, 0, BLOCKS, BYTCHK[1]) },
  { name: "WRITE SAME", cdb: cdb(Op.WRITE_SAME, 0, BLOCKS, NDOB) },
  { name: "WRITE SAME with UNMAP", cdb: cdb(Op.WRITE_SAME, 32_000, 34_000, NDOB | UNMAP) },
  { name: "UNMAP", cdb: unmapCdb(LIST.length), dataOut: LIST },
  { name: "COMPARE AND WRITE", cdb: cdb(Op.COMPARE_AND_WRITE, 0, 2, FUA) },
  { name: "ORWRITE", cdb: cdb(Op.ORWRITE, 0, BLOCKS, FUA) },
  { name: "WRITE ATOMIC", cdb: cdb(Op.WRITE_ATOMIC, 0, 2, FUA) },
];

/** Calls `at` with the number of operations on the device so far, as soon as each was done. */
function watch(log: string[], at: (count: number) => void): void {
  const push = log.push.bind(log);
  log.push = (...entries) => {
    const count = push(...entries);
    at(count);
    return count;
  };
}

async function finishTask(task: Task, dataOut: Uint8Array | undefined, unit: Unit): Promise<void> {
  let step: Step = begin(task, lunsOf(unit));
  if (step === Step.COLLECT) {
    task.data = (dataOut ?? new Uint8Array(task.length)).slice(0, task.length);
    step = finish(task);
  }
  assert.equal(step, Step.WAIT);
  assert.equal(await task.promise, Step.DONE);
}
type Unit = ReturnType<typeof unitOf>;

for (const { name, cdb, dataOut } of COMMANDS) {
  Deno.test(`A118 ${name}: aborted at any point, nothing more of it reaches the medium`, async () => {
    for (const slow of [false, true]) {
      let aborted = true;
      // At the first operation, the second, and so on, until it ends before it can be aborted.
      for (let at = 1; aborted; at++) {
        aborted = false;
        const unit = unitOf({ slow, size: 64 << 20 });
        Object.defineProperty(unit.mode, "writeCacheEnabled", { value: false });
        const task = taskOf(unit, cdb);
        watch(unit.device.log, (count) => {
          if (count !== at) return;
          task.aborted = true;
          aborted = true;
        });
        await finishTask(task, dataOut, unit);
        const later = unit.device.log.slice(at).filter((each) => !each.startsWith("read"));
        assert.deepEqual(later, [], `aborted after ${unit.device.log[at - 1]}`);
        assert.equal(unit.locks.free(0, unit.device.size), true);
        assert.ok(at > 1 || aborted);
      }
    }
  });
}
