import assert from "node:assert/strict";
import { CommandTable, Row } from "../../../lib/scsi/command_table.ts";
import { COMMANDS, TABLE } from "../../../lib/scsi/commands/mod.ts";
import { Access, type Command } from "../../../lib/scsi/command.ts";
import { run, unitOf } from "../../support/scsi.ts";

/** CDB lengths by the group of the operation code. SPC-4 4.2.5.1. */
const CDB_LENGTHS: Readonly<Record<number, number>> = { 0: 6, 1: 10, 2: 10, 4: 16, 5: 12 };

for (const command of COMMANDS) {
  Deno.test(`A109: the usage map of ${command.name} is a CDB of the command itself`, () => {
    const { usage } = new Row(command);
    assert.equal(usage.length, CDB_LENGTHS[command.opcode >>> 5]);
    assert.equal(usage[0], command.opcode);
    if (command.serviceAction !== undefined) assert.equal(usage[1]! & 0x1f, command.serviceAction);
    assert.match(command.usage, /^[0-9a-f]{2}( [0-9a-f]{2})+$/);
  });

  Deno.test(`A126: ${command.name} is dispatched by its operation code`, () => {
    const cdb = new DataView(new ArrayBuffer(16));
    cdb.setUint8(0, command.opcode);
    cdb.setUint8(1, command.serviceAction ?? 0);
    assert.equal(TABLE.find(cdb)?.command, command);
  });
}

Deno.test("A126: what REPORT SUPPORTED OPERATION CODES lists is what dispatch knows", async () => {
  for (const options of [{}, { unmap: false }, { removable: true }]) {
    const unit = unitOf(options);
    const listed = await supported(unit);
    for (let opcode = 0; opcode < 256; opcode++) {
      const actions = Array.isArray(TABLE.entry(opcode)) ? 32 : 1;
      for (let action = 0; action < actions; action++) {
        const { sense } = await run(unit, [opcode, actions === 1 ? 0 : action]);
        const isUnknown = sense?.code === 0x2000 ||
          (actions > 1 && sense?.field?.octet === 1 && sense.field.bit === 4);
        const name = `${opcode.toString(16)}/${action}`;
        assert.equal(listed.has(name), !isUnknown, `${name} with ${JSON.stringify(options)}`);
      }
    }
  }
});

async function supported(unit: ReturnType<typeof unitOf>): Promise<Set<string>> {
  const { data } = await run(unit, "a3 0c 00 00 00 00 00 00 ff ff 00 00");
  const view = new DataView(data.buffer);
  const listed = new Set<string>();
  for (let at = 4; at < data.length; at += 8) {
    listed.add(`${data[at]!.toString(16)}/${view.getUint16(at + 2)}`);
  }
  return listed;
}

Deno.test("A126: EXTENDED COPY and RECEIVE COPY RESULTS are not offered", () => {
  assert.equal(TABLE.entry(0x83), undefined);
  assert.equal(TABLE.entry(0x84), undefined);
});

Deno.test("A126: UNMAP and SANITIZE BLOCK ERASE are offered by thin units only", async () => {
  const [thin, thick] = [unitOf(), unitOf({ unmap: false })];
  for (const name of ["42/0", "48/2"]) {
    assert((await supported(thin)).has(name));
    assert(!(await supported(thick)).has(name));
  }
  assert.equal((await run(thick, "42")).sense?.code, 0x2000);
  assert.equal((await run(thick, "48 02")).sense?.code, 0x2400);
});

const PLAIN: Command = {
  name: "TEST",
  opcode: 0xc0,
  usage: "c0 01 00 00 00 00",
  access: Access.ALWAYS,
  execute: (task) => task.done(),
};

Deno.test("CommandTable: two commands for one operation code are refused", () => {
  assert.throws(() => new CommandTable([PLAIN, PLAIN]), RangeError);
  assert.throws(() => new CommandTable([PLAIN, { ...PLAIN, serviceAction: 1 }]), RangeError);
  const action = { ...PLAIN, serviceAction: 1 };
  assert.throws(() => new CommandTable([action, action]), RangeError);
});

Deno.test("Row: octets behind the CDB are not looked at", () => {
  const cdb = new DataView(new ArrayBuffer(16));
  for (let at = 6; at < 16; at++) cdb.setUint8(at, 0xff);
  assert.equal(new Row(PLAIN).misuses(cdb), false);
});
