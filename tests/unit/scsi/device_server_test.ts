import assert from "node:assert/strict";
import fc from "fast-check";
import { DeviceError } from "../../../lib/block/device.ts";
import { TABLE } from "../../../lib/scsi/commands/mod.ts";
import { begin } from "../../../lib/scsi/device_server.ts";
import { REPORT_LUNS_WELL_KNOWN } from "../../../lib/scsi/lun.ts";
import {
  BUS_DEVICE_RESET_OCCURRED,
  CAPACITY_DATA_HAS_CHANGED,
  INQUIRY_DATA_HAS_CHANGED,
  LOGICAL_UNIT_NOT_SUPPORTED,
  MEDIUM_NOT_PRESENT,
  MODE_PARAMETERS_CHANGED,
  UNRECOVERED_READ_ERROR,
  WRITE_ERROR,
  WRITE_PROTECTED,
} from "../../../lib/scsi/sense.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { Step } from "../../../lib/scsi/task.ts";
import { lunsOf, NEXUS, OTHER_NEXUS, run, taskOf, unitOf } from "../../support/scsi.ts";

const { GOOD, CHECK_CONDITION, RESERVATION_CONFLICT } = Status;

const TEST_UNIT_READY = "00 00 00 00 00 00";
const REQUEST_SENSE = "03 00 00 00 fc 00";
const INQUIRY = "12 00 00 00 60 00";
const REPORT_LUNS = "a0 00 00 00 00 00 00 00 01 00 00 00";
const RESERVE = "16 00 00 00 00 00";
const READ = "28 00 00 00 00 00 00 00 01 00";
const WRITE = "2a 00 00 00 00 00 00 00 01 00";

Deno.test("A97: begin: each unit attention costs the next command once, oldest first", async () => {
  const unit = unitOf();
  unit.attentions.establish(NEXUS, MODE_PARAMETERS_CHANGED);
  unit.attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  for (const sense of [MODE_PARAMETERS_CHANGED, CAPACITY_DATA_HAS_CHANGED]) {
    assert.deepEqual(await run(unit, TEST_UNIT_READY), {
      status: CHECK_CONDITION,
      sense,
      data: new Uint8Array(0),
    });
  }
  assert.equal((await run(unit, TEST_UNIT_READY)).status, GOOD);
});

Deno.test("A97: begin: a command that hears of a unit attention does nothing", async () => {
  const unit = unitOf();
  unit.attentions.establish(NEXUS, MODE_PARAMETERS_CHANGED);
  await run(unit, WRITE, { dataOut: new Uint8Array(512).fill(1) });
  assert.deepEqual(unit.device.log, []);
});

for (const [name, cdb] of [["INQUIRY", INQUIRY], ["REPORT LUNS", REPORT_LUNS]] as const) {
  Deno.test(`A97: begin: ${name} neither reports nor clears a unit attention`, async () => {
    const unit = unitOf();
    unit.attentions.establish(NEXUS, INQUIRY_DATA_HAS_CHANGED);
    assert.equal((await run(unit, cdb)).status, GOOD);
    assert.equal(unit.attentions.peek(NEXUS), INQUIRY_DATA_HAS_CHANGED);
  });
}

Deno.test("A97: begin: a unit attention is each nexus's own", async () => {
  const unit = unitOf();
  unit.attentions.establish(OTHER_NEXUS, MODE_PARAMETERS_CHANGED);
  assert.equal((await run(unit, TEST_UNIT_READY)).status, GOOD);
  const heard = await run(unit, TEST_UNIT_READY, { nexus: OTHER_NEXUS });
  assert.equal(heard.sense, MODE_PARAMETERS_CHANGED);
});

Deno.test("A92: LogicalUnit: after a reset every nexus hears of it, settings are at their defaults", async () => {
  const unit = unitOf({ removable: true });
  const list = unit.mode.emit(0, 0x0a, 0)!.slice();
  list[2]! |= 0x04;
  unit.mode.apply(new Map([[0x0a, list]]));
  unit.medium.preventRemoval(NEXUS);
  await run(unit, RESERVE);
  await unit.reset();
  for (const nexus of [NEXUS, OTHER_NEXUS]) {
    assert.equal((await run(unit, TEST_UNIT_READY, { nexus })).sense, BUS_DEVICE_RESET_OCCURRED);
    assert.equal((await run(unit, TEST_UNIT_READY, { nexus })).status, GOOD);
  }
  assert.equal(unit.mode.descriptorSense, false);
  assert.equal(unit.medium.removalPrevented, false);
});

Deno.test("A108: begin: an unknown operation code is INVALID COMMAND OPERATION CODE", async () => {
  for (let opcode = 0; opcode < 256; opcode++) {
    if (TABLE.entry(opcode) !== undefined) continue;
    const { status, sense } = await run(unitOf(), [opcode]);
    assert.equal(status, CHECK_CONDITION);
    assert.deepEqual(sense, { key: 5, code: 0x2000 });
  }
});

Deno.test("A108: begin: an unknown service action points at its field", async () => {
  assert.deepEqual((await run(unitOf(), "9e 1f")).sense, {
    key: 5,
    code: 0x2400,
    field: { in: "cdb", octet: 1, bit: 4 },
  });
});

Deno.test("A108: begin: a reserved bit is INVALID FIELD IN CDB with a pointer at it", async () => {
  assert.deepEqual((await run(unitOf(), "00 00 20 00 00 00")).sense, {
    key: 5,
    code: 0x2400,
    field: { in: "cdb", octet: 2, bit: 5 },
  });
});

Deno.test("A108: begin: NACA is refused, the vendor's bits of CONTROL are not looked at", async () => {
  assert.deepEqual((await run(unitOf(), "00 00 00 00 00 04")).sense?.field, {
    in: "cdb",
    octet: 5,
    bit: 2,
  });
  assert.equal((await run(unitOf(), "00 00 00 00 00 c0")).status, GOOD);
});

Deno.test("A108: begin: every bit that a row does not use is refused in every command", async () => {
  const unit = unitOf({ removable: true });
  for (const { command, usage } of TABLE.rows()) {
    for (let octet = 1; octet < usage.length - 1; octet++) {
      for (let bit = 0; bit < 8; bit++) {
        if ((usage[octet]! & (1 << bit)) !== 0) continue;
        if (octet === 1 && command.serviceAction !== undefined && bit < 5) continue;
        const cdb = new Uint8Array(16);
        cdb[0] = command.opcode;
        cdb[1] = command.serviceAction ?? 0;
        cdb[octet]! |= 1 << bit;
        const { sense } = await run(unit, cdb, { writeProtected: false });
        const at = `${command.name} octet ${octet} bit ${bit}`;
        assert.deepEqual(sense, { key: 5, code: 0x2400, field: { in: "cdb", octet, bit } }, at);
      }
    }
  }
});

Deno.test("A102: begin: INQUIRY of a missing LUN says that there can be no unit", async () => {
  const { status, data } = await run(undefined, INQUIRY, { lun: 7 });
  assert.equal(status, GOOD);
  assert.equal(data[0], 0x7f);
  assert.equal(data.length, 96);
});

Deno.test("A102: begin: REQUEST SENSE of a missing LUN tells so as data, with GOOD", async () => {
  const { status, data } = await run(undefined, REQUEST_SENSE, { lun: 7 });
  assert.equal(status, GOOD);
  assert.deepEqual([data[2], data[12], data[13]], [0x05, 0x25, 0x00]);
});

Deno.test("A102: begin: every other command to a missing LUN is LOGICAL UNIT NOT SUPPORTED", async () => {
  for (let opcode = 0; opcode < 256; opcode++) {
    if ([0x03, 0x12, 0xa0].includes(opcode)) continue;
    const { status, sense } = await run(undefined, [opcode], { lun: 7 });
    assert.equal(status, CHECK_CONDITION);
    assert.equal(sense, LOGICAL_UNIT_NOT_SUPPORTED);
  }
});

Deno.test("A101: begin: REPORT LUNS works where there is no LUN 0, and on the well known unit", async () => {
  const luns = lunsOf(undefined, undefined, unitOf());
  for (const lun of [0, REPORT_LUNS_WELL_KNOWN]) {
    const { status, data } = await run(undefined, REPORT_LUNS, { lun, luns });
    assert.equal(status, GOOD);
    assert.deepEqual([...data], [0, 0, 0, 8, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
  }
});

Deno.test("A101: begin: the well known unit is ready, and knows its four commands only", async () => {
  const lun = REPORT_LUNS_WELL_KNOWN;
  assert.equal((await run(undefined, TEST_UNIT_READY, { lun })).status, GOOD);
  assert.equal((await run(undefined, INQUIRY, { lun })).data[0], 0x1e);
  assert.equal((await run(undefined, REQUEST_SENSE, { lun })).data[2], 0);
  assert.equal((await run(undefined, READ, { lun })).sense?.code, 0x2000);
});

Deno.test("begin: a foreign reservation is RESERVATION CONFLICT before anything else is looked at", async () => {
  const unit = unitOf();
  assert.equal((await run(unit, RESERVE)).status, GOOD);
  const { status, sense } = await run(unit, "00 00 20 00 00 00", { nexus: OTHER_NEXUS });
  assert.equal(status, RESERVATION_CONFLICT);
  assert.equal(sense, undefined);
  assert.equal((await run(unit, INQUIRY, { nexus: OTHER_NEXUS })).status, GOOD);
});

Deno.test("A107: begin: TEST UNIT READY is NOT READY while the backing file is unavailable", async () => {
  const unit = unitOf();
  unit.medium.available = false;
  assert.deepEqual((await run(unit, TEST_UNIT_READY)).sense, { key: 2, code: 0x0400 });
  assert.equal((await run(unit, INQUIRY)).status, GOOD);
  unit.medium.available = true;
  assert.equal((await run(unit, TEST_UNIT_READY)).status, GOOD);
});

Deno.test("A107: begin: a device that is gone or broken is seen as such, never as zeros", async () => {
  const unit = unitOf();
  unit.device.failure = new DeviceError("gone", "the file is gone");
  const gone = await run(unit, READ);
  assert.deepEqual([gone.sense?.key, gone.data.length], [2, 0]);
  unit.device.failure = new DeviceError("medium", "the file cannot be read");
  const broken = await run(unit, READ);
  assert.deepEqual([broken.sense, broken.data.length], [UNRECOVERED_READ_ERROR, 0]);
});

/** A valid CDB for each command that writes: all fields zero but those that may not be. */
function writers(): string[] {
  return [...TABLE.rows()].filter(({ command }) => command.writes)
    .map(({ command }) => command.name);
}

Deno.test("A127: every command that writes to the medium is in the table as one", () => {
  const names = writers();
  for (
    const name of [
      "WRITE(6)",
      "WRITE(10)",
      "WRITE(12)",
      "WRITE(16)",
      "WRITE AND VERIFY(10)",
      "WRITE AND VERIFY(12)",
      "WRITE AND VERIFY(16)",
      "WRITE SAME(10)",
      "WRITE SAME(16)",
      "UNMAP",
      "COMPARE AND WRITE",
      "ORWRITE(16)",
      "SANITIZE OVERWRITE",
      "SANITIZE BLOCK ERASE",
    ]
  ) assert(names.includes(name), `${name} is not among ${names.join(", ")}`);
});

for (
  const [title, options, writeProtected] of [
    ["a read-only device", { write: false }, false],
    ["a LUN that is mapped read-only", {}, true],
  ] as const
) {
  Deno.test(`A127: begin: on ${title} every writer is WRITE PROTECTED, reading works`, async () => {
    const unit = unitOf(options);
    for (const { command } of TABLE.rows()) {
      if (!command.writes) continue;
      const { sense } = await run(unit, [command.opcode, command.serviceAction ?? 0], {
        writeProtected,
      });
      assert.equal(sense, WRITE_PROTECTED, command.name);
    }
    assert.equal((await run(unit, READ, { writeProtected })).status, GOOD);
    assert.equal((await run(unit, RESERVE, { writeProtected })).status, GOOD);
    const modeSense = await run(unit, "1a 00 3f 00 ff 00", { writeProtected });
    assert.equal(modeSense.data[2]! & 0x80, 0x80);
  });
}

Deno.test("A127: begin: the software write protect of the control page refuses every writer", async () => {
  const unit = unitOf();
  const page = unit.mode.emit(0, 0x0a, 0)!.slice();
  page[4]! |= 0x08;
  unit.mode.apply(new Map([[0x0a, page]]));
  assert.equal((await run(unit, WRITE)).sense, WRITE_PROTECTED);
});

Deno.test("A124: begin: a fenced unit refuses writes with WRITE ERROR, and still reads", async () => {
  const unit = unitOf();
  unit.fence("a flush failed");
  assert.equal((await run(unit, WRITE)).sense, WRITE_ERROR);
  assert.equal((await run(unit, READ)).status, GOOD);
});

Deno.test("begin: without a medium every command that needs one is MEDIUM NOT PRESENT", async () => {
  const unit = unitOf({ removable: true });
  unit.medium.loaded = false;
  for (const { command } of TABLE.rows()) {
    const needs = [0x00, 0x25, 0x28, 0x2a, 0x35, 0x42, 0x93].includes(command.opcode);
    if (!needs) continue;
    const { sense } = await run(unit, [command.opcode]);
    assert.equal(sense, MEDIUM_NOT_PRESENT, command.name);
  }
  assert.equal((await run(unit, INQUIRY)).status, GOOD);
});

Deno.test("B-19: begin: whatever a peer sends, nothing is thrown and the status is a known one", async () => {
  const units = [unitOf(), unitOf({ unmap: false, removable: true }), undefined];
  const opcode = fc.oneof(
    fc.nat(255),
    fc.constantFrom(...[...TABLE.rows()].map(({ command }) => command.opcode)),
  );
  const statuses = new Set<number>(Object.values(Status));
  await fc.assert(
    fc.asyncProperty(
      opcode,
      fc.uint8Array({ minLength: 15, maxLength: 15 }),
      fc.uint8Array({ maxLength: 64 }),
      async (first, rest, dataOut) => {
        for (const unit of units) {
          // A transfer length of megablocks would only cost time.
          const cdb = Uint8Array.of(first, ...rest.map((octet, i) => i >= 5 ? octet & 3 : octet));
          const { status } = await run(unit, cdb, { dataOut });
          assert(statuses.has(status));
        }
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("begin: the ACA attribute is refused, as no ACA condition can be", () => {
  const unit = unitOf();
  for (
    const [attribute, key] of [[0, undefined], [1, undefined], [2, undefined], [3, undefined], [
      4,
      5,
    ], [7, 5]]
  ) {
    const task = taskOf(unit, READ);
    task.attribute = attribute!;
    begin(task, lunsOf(unit));
    assert.equal(task.sense?.key, key);
    if (key !== undefined) assert.equal(task.sense?.code, 0x4900);
  }
});

Deno.test("begin: a READ asks the transport for the blocks, without making anything of its own", () => {
  const unit = unitOf();
  const task = taskOf(unit, READ);
  assert.equal(begin(task, lunsOf(unit)), Step.READ);
  assert.deepEqual([task.offset, task.length], [0, 512]);
});
