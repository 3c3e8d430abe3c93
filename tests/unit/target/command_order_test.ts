import assert from "node:assert/strict";
import { GatedDevice } from "../../support/gated_device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { Reject, RejectReason } from "../../../lib/iscsi/pdu/reject.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { serialAdd } from "../../../lib/wire/serial.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const TEST_UNIT_READY = new Uint8Array(6);
const BLOCK = 512;

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

Deno.test("A45: a command outside the CmdSN window is ignored, and the session goes on", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  for (const distance of [-1, 128, 1000, 0x7fffffff]) {
    await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(initiator.cmdSN, distance) });
  }
  await initiator.fence();
  assert.equal((await initiator.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A46: commands behind a gap wait, and none overtakes", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const first = initiator.cmdSN;
  const one = new Uint8Array(BLOCK).fill(1);
  const two = new Uint8Array(BLOCK).fill(2);
  const fields = { cdb: write10(0, 1), write: true, length: BLOCK };
  const late = await initiator.command({ ...fields, data: two, cmdSN: serialAdd(first, 1) });
  const read = await initiator.command({
    cdb: read10(0, 1),
    read: true,
    length: BLOCK,
    cmdSN: serialAdd(first, 2),
  });
  await initiator.fence();
  const early = await initiator.command({ ...fields, data: one, cmdSN: first });
  assert.equal((await initiator.result(early)).status, Status.GOOD);
  assert.equal((await initiator.result(late)).status, Status.GOOD);
  assert.deepEqual((await initiator.result(read)).data, two);
  await target.close();
});

Deno.test("A46: a gap that does not close drops the connection after its time", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: serialAdd(initiator.cmdSN, 1) });
  await initiator.fence();
  target.server.tickNow();
  target.clock.advance(60_000);
  target.server.tickNow();
  assert.equal(await initiator.receive(), null);
  await target.close();
});

Deno.test("A47: immediate commands leave ExpCmdSN alone and pass the closed window", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const before = initiator.cmdSN;
  assert.equal(
    (await initiator.run({ cdb: TEST_UNIT_READY, immediate: true })).status,
    Status.GOOD,
  );
  assert.equal(initiator.cmdSN, before);
  await initiator.ping(new Uint8Array(0));
  const nopIn = await initiator.expect(Opcode.NOP_IN, NopIn);
  assert.equal(nopIn.expCmdSN, before);
  await target.close();
});

Deno.test("A47: immediate commands past the limit are rejected with reason 6", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  device.hold("read");
  const target = new TestTarget({ device, limits: { immediateCommandsOfSession: 2 } });
  const initiator = await target.logIn();
  const fields = { cdb: read10(0, 1), read: true, length: BLOCK, immediate: true };
  await initiator.command(fields);
  await initiator.command(fields);
  await initiator.command(fields);
  const reject = await initiator.expect(Opcode.REJECT, Reject);
  assert.equal(reject.reason, RejectReason.IMMEDIATE_COMMAND_REJECT);
  device.releaseAll();
  await target.close();
});

Deno.test("A50: a task tag that is in use is rejected, and the running task is untouched", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ImmediateData: "No" });
  const data = new Uint8Array(BLOCK).fill(7);
  const tag = await initiator.command({ cdb: write10(0, 1), write: true, length: BLOCK });
  const r2t = (await initiator.receive())!;
  await initiator.command({ cdb: TEST_UNIT_READY, tag });
  const reject = await initiator.expect(Opcode.REJECT, Reject);
  assert.equal(reject.reason, RejectReason.TASK_IN_PROGRESS);
  const targetTransferTag = new DataView(r2t.header.buffer, r2t.header.byteOffset).getUint32(20);
  await initiator.dataOut(tag, { targetTransferTag }, data);
  assert.equal((await initiator.result(tag)).status, Status.GOOD);
  await target.close();
});

Deno.test("A48: the window closes when it is full and opens with each response", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 20));
  device.hold("read");
  const target = new TestTarget({ device, limits: { commandsOfSession: 4 } });
  const initiator = await target.logIn();
  const tags = [];
  for (let i = 0; i < 4; i++) {
    tags.push(await initiator.command({ cdb: read10(i, 1), read: true, length: BLOCK }));
  }
  await initiator.command({ cdb: TEST_UNIT_READY, cmdSN: initiator.cmdSN }); // ignored
  await initiator.ping(new Uint8Array(0));
  const nopIn = await initiator.expect(Opcode.NOP_IN, NopIn);
  assert.equal(nopIn.maxCmdSN, serialAdd(nopIn.expCmdSN, -1));
  device.releaseAll();
  for (const tag of tags) assert.equal((await initiator.result(tag)).status, Status.GOOD);
  await target.close();
});

Deno.test("A46: several connections of one session share the order, four at the least", async () => {
  const target = new TestTarget();
  const leading = target.connect().initiator;
  const keys = {
    InitiatorName: INITIATOR_NAME,
    TargetName: TARGET_NAME,
  };
  const { tsih } = await leading.login({ ...keys, MaxConnections: "4" });
  await leading.run({ cdb: TEST_UNIT_READY });
  const connections = [leading];
  for (let cid = 1; cid < 4; cid++) {
    const next = target.connect().initiator;
    next.cmdSN = leading.cmdSN;
    const { status } = await next.login(keys, { tsih, cid });
    assert.equal(status, 0);
    connections.push(next);
  }
  const first = leading.cmdSN;
  const tags: number[] = [];
  // The later a command stands in the order, the earlier it is sent.
  for (let i = 15; i >= 0; i--) {
    const data = new Uint8Array(BLOCK).fill(i);
    const tag = 100 + i;
    await connections[i % 4]!.command({
      cdb: write10(0, 1),
      write: true,
      length: BLOCK,
      data,
      tag,
      cmdSN: serialAdd(first, i),
    });
    tags[i] = tag;
    if (i > 0) await connections[i % 4]!.fence();
  }
  for (let i = 0; i < 16; i++) {
    assert.equal((await connections[i % 4]!.result(tags[i]!)).status, Status.GOOD);
  }
  leading.cmdSN = serialAdd(first, 16);
  const { data } = await leading.run({ cdb: read10(0, 1), read: true, length: BLOCK });
  assert.equal(data[0], 15);
  await target.close();
});
