import assert from "node:assert/strict";
import { TABLE } from "../../../../lib/scsi/commands/mod.ts";
import { run, unitOf } from "../../../support/scsi.ts";

/** REPORTING OPTIONS, with RCTD in its high bit. */
function rsoc(options: number, opcode = 0, serviceAction = 0): number[] {
  return [0xa3, 0x0c, options, opcode, 0, serviceAction, 0, 0, 0xff, 0xff, 0, 0];
}

const RCTD = 0x80;
/** Thin and removable: it offers everything. */
const unit = unitOf({ removable: true });

interface Listed {
  readonly opcode: number;
  readonly serviceAction: number;
  readonly servactv: boolean;
  readonly ctdp: boolean;
  readonly cdbLength: number;
}

async function list(options = 0): Promise<Listed[]> {
  const { status, data } = await run(unit, rsoc(options));
  assert.equal(status, 0);
  const view = new DataView(data.buffer);
  assert.equal(view.getUint32(0), data.length - 4);
  const listed: Listed[] = [];
  for (let at = 4; at < data.length;) {
    const ctdp = (data[at + 5]! & 2) !== 0;
    listed.push({
      opcode: data[at]!,
      serviceAction: view.getUint16(at + 2),
      servactv: (data[at + 5]! & 1) !== 0,
      ctdp,
      cdbLength: view.getUint16(at + 6),
    });
    if (ctdp) assert.equal(view.getUint16(at + 8), 10);
    at += ctdp ? 20 : 8;
  }
  return listed;
}

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: lists every row of the table once", async () => {
  const rows = [...TABLE.rows()];
  const listed = await list();
  assert.deepEqual(
    listed,
    rows.map(({ command, usage }) => ({
      opcode: command.opcode,
      serviceAction: command.serviceAction ?? 0,
      servactv: command.serviceAction !== undefined,
      ctdp: false,
      cdbLength: usage.length,
    })),
  );
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: RCTD adds a timeouts descriptor to each", async () => {
  const listed = await list(RCTD);
  assert.equal(listed.length, [...TABLE.rows()].length);
  assert(listed.every((each) => each.ctdp));
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: tells of each command by the option that suits it", async () => {
  for (const { opcode, serviceAction, servactv } of await list()) {
    const right = await run(unit, rsoc(servactv ? 2 : 1, opcode, serviceAction));
    assert.equal(right.status, 0);
    assert.equal(right.data[1], 3, "supported as the standard has it");
    assert.equal(new DataView(right.data.buffer).getUint16(2), right.data.length - 4);
    assert.equal(right.data[4], opcode);
    if (servactv) assert.equal(right.data[5]! & 0x1f, serviceAction);
    const wrong = await run(unit, rsoc(servactv ? 1 : 2, opcode, serviceAction));
    assert.deepEqual(wrong.sense, {
      key: 5,
      code: 0x2400,
      field: { in: "cdb", octet: 2, bit: 2 },
    });
  }
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: says of an unknown one that it is not supported", async () => {
  for (const options of [1, RCTD | 1, 2]) {
    const { status, data } = await run(unit, rsoc(options, 0xff));
    assert.equal(status, 0);
    assert.deepEqual([...data], [0, 1, 0, 0]);
  }
  assert.deepEqual([...(await run(unit, rsoc(2, 0x9e, 0x1f))).data], [0, 1, 0, 0]);
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: one command with its timeouts", async () => {
  const { data } = await run(unit, rsoc(RCTD | 1, 0x28));
  assert.equal(data.length, 4 + 10 + 12);
  assert.deepEqual([...data.subarray(0, 5)], [0, 0x83, 0, 10, 0x28]);
  assert.deepEqual([...data.subarray(14, 16)], [0, 10]);
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: any other option is in error", async () => {
  for (const options of [3, 4, 5, 6, 7]) {
    assert.equal((await run(unit, rsoc(options, 0x28))).sense?.code, 0x2400);
  }
});

Deno.test("A109: REPORT SUPPORTED OPERATION CODES: what a unit does not offer it does not list", async () => {
  const { data } = await run(unitOf({ unmap: false }), rsoc(1, 0x42));
  assert.equal(data[1], 1);
});
