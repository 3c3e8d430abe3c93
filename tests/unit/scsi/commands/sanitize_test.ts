import assert from "node:assert/strict";
import { DeviceError } from "../../../../lib/block/device.ts";
import { TABLE } from "../../../../lib/scsi/commands/mod.ts";
import { begin } from "../../../../lib/scsi/device_server.ts";
import { parseSense } from "../../../../lib/scsi/sense_data.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import { lunsOf, NEXUS, OTHER_NEXUS, run, taskOf, unitOf } from "../../../support/scsi.ts";
import { HurriedClock } from "../../../support/test_clock.ts";

const MEBIBYTE = 1 << 20;
const GIBIBYTE = 1 << 30;
const OVERWRITE = 0x01;
const BLOCK_ERASE = 0x02;
const CRYPTOGRAPHIC_ERASE = 0x03;
const EXIT_FAILURE_MODE = 0x1f;
const IMMED = 0x80;
const AUSE = 0x20;

const TEST_UNIT_READY = "00 00 00 00 00 00";
const REQUEST_SENSE = "03 00 00 00 fc 00";
const READ = "28 00 00 00 00 00 00 00 01 00";

function sanitize(action: number, length = 0): number[] {
  return [0x48, action, 0, 0, 0, 0, 0, length >>> 8, length & 0xff, 0];
}

/** The parameter list of OVERWRITE. */
function overwriting(first: number, pattern: readonly number[], length = pattern.length) {
  return Uint8Array.of(first, 0, length >>> 8, length & 0xff, ...pattern);
}

function overwrite(
  unit: ReturnType<typeof unitOf>,
  list: Uint8Array,
  options = 0,
): ReturnType<typeof run> {
  return run(unit, sanitize(options | OVERWRITE, list.length), { dataOut: list });
}

/** Waits until the operation that an IMMED command began is over. */
async function over(unit: ReturnType<typeof unitOf>): Promise<void> {
  while (unit.medium.sanitize === "running") {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

Deno.test("SANITIZE OVERWRITE: fills every block with the pattern, and flushes", async () => {
  const unit = unitOf({ size: 2 * MEBIBYTE + 512 });
  unit.device.poke(0, new Uint8Array(1000).fill(0x61));
  unit.device.poke(2 * MEBIBYTE, new Uint8Array(512).fill(0x61));
  const pattern = new Array(512).fill(0xaa);
  assert.equal((await overwrite(unit, overwriting(0x01, pattern))).status, 0);
  assert(unit.device.peek(0, unit.device.size).every((octet) => octet === 0xaa));
  assert.equal(unit.device.log.at(-1), "flush");
  assert.equal((await run(unit, READ)).data[511], 0xaa);
});

Deno.test("SANITIZE OVERWRITE: a shorter pattern is repeated from the beginning of each block", async () => {
  const unit = unitOf({ size: 1024 });
  await overwrite(unit, overwriting(0x01, [1, 2, 3]));
  const block = Uint8Array.from({ length: 512 }, (_, i) => [1, 2, 3][i % 3]!);
  assert.deepEqual(unit.device.peek(0, 512), block);
  assert.deepEqual(unit.device.peek(512, 512), block);
});

for (const count of [1, 2, 3, 31]) {
  Deno.test(`SANITIZE OVERWRITE: ${count} passes; with INVERT the last one has the pattern`, async () => {
    const seen: number[] = [];
    const unit = unitOf({ size: 512 });
    const writeNow = unit.device.writeNow.bind(unit.device);
    unit.device.writeNow = (offset, from, at, length) => {
      seen.push(from[at]!);
      return writeNow(offset, from, at, length);
    };
    await overwrite(unit, overwriting(0x80 | count, [0x0f]));
    const expected = Array.from({ length: count }, (_, i) => (count - i) % 2 === 1 ? 0x0f : 0xf0);
    assert.deepEqual(seen, expected);
  });
}

Deno.test("SANITIZE OVERWRITE: goes in slices of at most one MiB", async () => {
  const unit = unitOf({ size: 3 * MEBIBYTE + 4096 });
  await overwrite(unit, overwriting(0x01, [0]));
  const writes = unit.device.log.filter((each) => each.startsWith("write"));
  assert.equal(writes.length, 4);
  assert(writes.every((each) => Number(each.split("+")[1]) <= MEBIBYTE));
});

Deno.test("SANITIZE OVERWRITE: leaves the medium to others, at 32 MiB a second", async () => {
  const clock = new HurriedClock();
  const unit = unitOf({ size: 8 * MEBIBYTE, clock });
  await overwrite(unit, overwriting(0x02, [1]));
  assert.equal(clock.nowMs(), 500);
});

Deno.test("SANITIZE OVERWRITE: a large disk takes ten minutes, however many passes", async () => {
  for (const passes of [1, 5]) {
    const clock = new HurriedClock();
    // The device keeps nothing: only the lengths matter.
    const unit = unitOf({ size: 32 * GIBIBYTE, clock });
    unit.device.writeNow = () => true;
    await overwrite(unit, overwriting(passes, [1]));
    assert.equal(Math.round(clock.nowMs() / 1000), 600);
  }
});

Deno.test("SANITIZE BLOCK ERASE: moves no octets, and takes no time", async () => {
  const clock = new HurriedClock();
  await run(unitOf({ size: GIBIBYTE, clock }), sanitize(BLOCK_ERASE));
  assert.equal(clock.nowMs(), 0);
});

Deno.test("SANITIZE OVERWRITE: works where the device is slow", async () => {
  const unit = unitOf({ slow: true });
  assert.equal((await overwrite(unit, overwriting(0x01, [7]))).status, 0);
  assert.equal(unit.device.peek(MEBIBYTE - 1, 1)[0], 7);
});

Deno.test("SANITIZE OVERWRITE: the list has a header and a pattern of at most a block", async () => {
  for (const length of [0, 1, 2, 3, 4, 512 + 5, 4096]) {
    const { sense } = await run(unitOf(), sanitize(OVERWRITE, length), {
      dataOut: new Uint8Array(length),
    });
    assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 7 } });
  }
});

const WRONG_LISTS: readonly (readonly [string, Uint8Array, object])[] = [
  ["a count of zero", overwriting(0x00, [1]), { octet: 0, bit: 4 }],
  ["a TEST field", overwriting(0x21, [1]), { octet: 0, bit: 6 }],
  ["a pattern length of zero", overwriting(0x01, [1], 0), { octet: 2 }],
  ["a pattern that is longer than the list", overwriting(0x01, [1], 2), { octet: 2 }],
  ["a pattern that is longer than a block", overwriting(0x01, [1], 513), { octet: 2 }],
];

for (const [title, list, field] of WRONG_LISTS) {
  Deno.test(`SANITIZE OVERWRITE: ${title} is pointed at, and nothing is written`, async () => {
    const unit = unitOf();
    const { sense } = await overwrite(unit, list);
    assert.deepEqual(sense, { key: 5, code: 0x2600, field: { in: "data", ...field } });
    assert.deepEqual(unit.device.log, []);
  });
}

Deno.test("SANITIZE OVERWRITE: a list that comes cut is PARAMETER LIST LENGTH ERROR", async () => {
  const { sense } = await run(unitOf(), sanitize(OVERWRITE, 8), {
    dataOut: overwriting(0x01, [1, 2]),
  });
  assert.equal(sense?.code, 0x1a00);
});

Deno.test("SANITIZE BLOCK ERASE: every block is unmapped and reads as zeros", async () => {
  const unit = unitOf({ size: 40 * MEBIBYTE });
  unit.device.poke(0, new Uint8Array(4096).fill(0x61));
  unit.device.poke(39 * MEBIBYTE, new Uint8Array(4096).fill(0x61));
  assert.equal((await run(unit, sanitize(BLOCK_ERASE))).status, 0);
  const extents = await unit.device.extents(0, unit.device.size, 10);
  assert.deepEqual(extents, [{ offset: 0, length: unit.device.size, mapped: false }]);
  assert.equal((await run(unit, READ)).data[0], 0);
});

for (const action of [BLOCK_ERASE, EXIT_FAILURE_MODE]) {
  Deno.test(`SANITIZE ${action.toString(16)}: a parameter list is in error`, async () => {
    const { sense } = await run(unitOf(), sanitize(action, 8), { dataOut: new Uint8Array(8) });
    assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet: 7 } });
  });
}

Deno.test("SANITIZE: every other service action, cryptographic erase among them, is in error", async () => {
  for (let action = 0; action < 0x20; action++) {
    if ([OVERWRITE, BLOCK_ERASE, EXIT_FAILURE_MODE].includes(action)) continue;
    const { sense } = await run(unitOf(), sanitize(action));
    assert.equal(sense?.code, 0x2400, action === CRYPTOGRAPHIC_ERASE ? "cryptographic" : "");
  }
});

Deno.test("SANITIZE: IMMED answers before the end; until then the progress can be asked for", async () => {
  const unit = unitOf({ size: 4 * MEBIBYTE });
  const list = overwriting(0x02, [0x55]);
  assert.equal((await overwrite(unit, list, IMMED)).status, 0);
  assert.equal(unit.medium.sanitize, "running");
  const seen: number[] = [];
  while (unit.medium.sanitize === "running") {
    const sense = parseSense((await run(unit, REQUEST_SENSE)).data)!;
    assert.deepEqual([sense.key, sense.code], [2, 0x041b]);
    seen.push(sense.progress!);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert(seen.length > 4 && seen.at(-1)! > 0x8000);
  assert.equal((await run(unit, TEST_UNIT_READY)).status, 0);
});

Deno.test("SANITIZE: while one runs, nearly every command of any nexus is SANITIZE IN PROGRESS", async () => {
  const unit = unitOf({ removable: true });
  unit.medium.sanitizing(1);
  for (const { command } of TABLE.rows()) {
    const cdb = [command.opcode, command.serviceAction ?? 0];
    const { sense } = await run(unit, cdb, { nexus: OTHER_NEXUS });
    const goesOn = [0x03, 0x12, 0xa0, 0xa3].includes(command.opcode);
    assert.equal(sense?.code === 0x041b, !goesOn, command.name);
  }
});

Deno.test("SANITIZE: two at a time are not possible, however they come", async () => {
  const unit = unitOf();
  const list = overwriting(0x01, [1]);
  const tasks = [1, 2].map(() => taskOf(unit, sanitize(OVERWRITE, list.length)));
  for (const task of tasks) assert.equal(begin(task, lunsOf(unit)), Step.COLLECT);
  const steps = tasks.map((task) => {
    task.data = list;
    return task.finish!(task, unit);
  });
  assert.deepEqual(steps, [Step.WAIT, Step.DONE]);
  assert.equal(tasks[1]!.sense?.code, 0x041b);
  assert.equal(await tasks[0]!.promise, Step.DONE);
  assert.equal(tasks[0]!.status, 0);
});

Deno.test("SANITIZE: waits for writes that began before, so that nothing lands behind it", async () => {
  const unit = unitOf();
  const writer = taskOf(unit, "2a 00 00 00 00 00 00 00 01 00", { nexus: OTHER_NEXUS });
  unit.tasks.enter(writer, () => {});
  assert.equal(begin(writer, lunsOf(unit)), Step.WRITE);
  const done = overwrite(unit, overwriting(0x01, [0xaa]));
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unit.device.log, []);
  unit.device.writeNow(writer.offset, new Uint8Array(512).fill(1), 0, 512);
  unit.tasks.leave(writer);
  assert.equal((await done).status, 0);
  assert.equal(unit.device.peek(0, 1)[0], 0xaa);
});

Deno.test("SANITIZE: an abort ends the command, not the operation", async () => {
  const unit = unitOf({ size: 8 * MEBIBYTE });
  const list = overwriting(0x01, [0xaa]);
  const task = taskOf(unit, sanitize(OVERWRITE, list.length));
  unit.tasks.enter(task, () => {});
  begin(task, lunsOf(unit));
  task.data = list;
  assert.equal(task.finish!(task, unit), Step.WAIT);
  task.promise!.then(() => unit.tasks.leave(task));
  await unit.reset();
  assert.equal(unit.medium.sanitize, "running");
  assert.equal(unit.tasks.count, 0);
  await over(unit);
  assert.equal(unit.device.peek(unit.device.size - 1, 1)[0], 0xaa);
});

Deno.test("SANITIZE: a failure bars the medium until it is acknowledged, where AUSE allows that", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk is broken");
  const failed = await overwrite(unit, overwriting(0x01, [1]), AUSE);
  assert.deepEqual(failed.sense, { key: 3, code: 0x3103 });
  unit.device.failure = undefined;
  for (const cdb of [TEST_UNIT_READY, READ]) {
    assert.equal((await run(unit, cdb)).sense?.code, 0x3103);
  }
  assert.equal((await run(unit, "12 00 00 00 60 00")).status, 0);
  assert.equal((await run(unit, sanitize(EXIT_FAILURE_MODE))).status, 0);
  assert.equal((await run(unit, READ)).status, 0);
});

Deno.test("SANITIZE: without AUSE only a successful operation ends the failure", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("medium", "the disk is broken");
  await run(unit, sanitize(BLOCK_ERASE));
  unit.device.failure = undefined;
  assert.equal((await run(unit, sanitize(EXIT_FAILURE_MODE))).sense?.code, 0x2400);
  assert.equal((await run(unit, READ)).sense?.code, 0x3103);
  assert.equal((await run(unit, sanitize(BLOCK_ERASE))).status, 0);
  assert.equal((await run(unit, READ)).status, 0);
});

Deno.test("SANITIZE EXIT FAILURE MODE: is good where nothing has failed", async () => {
  assert.equal((await run(unitOf(), sanitize(EXIT_FAILURE_MODE))).status, 0);
});

Deno.test("SANITIZE: a flush that fails is a failure, and fences the unit", async () => {
  const unit = unitOf();
  unit.device.flush = () => Promise.reject(new DeviceError("medium", "the disk is broken"));
  assert.equal((await run(unit, sanitize(BLOCK_ERASE))).sense?.code, 0x3103);
  assert.notEqual(unit.fenced, undefined);
});

Deno.test("A127: SANITIZE: is refused where writing is", async () => {
  const unit = unitOf();
  const { sense } = await run(unit, sanitize(BLOCK_ERASE), { nexus: NEXUS, writeProtected: true });
  assert.equal(sense?.code, 0x2700);
});
