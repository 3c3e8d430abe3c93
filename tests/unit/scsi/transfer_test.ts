import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { Step, Task } from "../../../lib/scsi/task.ts";
import { exclusively, readShared, unmapShared, writeShared } from "../../../lib/scsi/transfer.ts";
import { unitOf } from "../../support/scsi.ts";

type Unit = ReturnType<typeof unitOf>;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Every shared transfer, on octets 512 to 1023. */
const SHARED: Readonly<Record<string, (task: Task, unit: Unit) => Promise<void>>> = {
  readShared: (_, unit) => readShared(unit, 512, new Uint8Array(512)),
  writeShared: (task, unit) => writeShared(task, unit, 512, new Uint8Array(512)),
  unmapShared: (task, unit) => unmapShared(task, unit, 512, 512),
};

for (const [name, transfer] of Object.entries(SHARED)) {
  Deno.test(`A117 ${name}: waits for whoever holds its range, and for nobody else`, async () => {
    for (const slow of [false, true]) {
      const unit = unitOf({ slow });
      await unit.locks.exclusive(0, 512);
      const release = await unit.locks.exclusive(1023, 1);
      const done = transfer(new Task(), unit);
      await turn();
      assert.equal(unit.device.log.length, 0);
      release();
      await done;
      assert.equal(unit.device.log.length, 1);
    }
  });

  Deno.test(`A117 ${name}: holds its range while it is under way, and lets go even if it fails`, async () => {
    const unit = unitOf({ slow: true });
    const done = transfer(new Task(), unit);
    assert.equal(unit.locks.free(512, 512), false);
    await done;
    assert.equal(unit.locks.free(512, 512), true);
    unit.device.failure = new DeviceError("medium", "the disk failed");
    await assert.rejects(transfer(new Task(), unit), DeviceError);
    assert.equal(unit.locks.free(512, 512), true);
  });
}

for (const name of ["writeShared", "unmapShared"]) {
  Deno.test(`${name}: does nothing if its task is aborted while it waits`, async () => {
    const unit = unitOf();
    const task = new Task();
    const release = await unit.locks.exclusive(0, 4096);
    const done = SHARED[name]!(task, unit);
    task.aborted = true;
    release();
    await done;
    assert.deepEqual(unit.device.log, []);
  });
}

Deno.test("exclusively: lets go of the range when its work fails", async () => {
  const unit = unitOf();
  const task = new Task();
  const work = () => Promise.reject(new DeviceError("medium", "the disk failed"));
  await assert.rejects(exclusively(task, unit, 512, work), DeviceError);
  assert.equal(unit.locks.idle, true);
  assert.equal(await exclusively(task, unit, 512, () => Promise.resolve(Step.DONE)), Step.DONE);
});
