import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { BHS_LENGTH, RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { AsyncEvent, AsyncMessage } from "../../../lib/iscsi/pdu/async_message.ts";
import { LogoutReason, LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutOutcome, LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { Reject, RejectReason } from "../../../lib/iscsi/pdu/reject.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { serialAdd } from "../../../lib/wire/serial.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const TEST_UNIT_READY = new Uint8Array(6);
const BLOCK = 512;

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

async function logOut(
  initiator: TestInitiator,
  fields: { reason: number; cid?: number },
): Promise<number> {
  const pdu = new LogoutRequest(new Uint8Array(BHS_LENGTH));
  pdu.opcode = Opcode.LOGOUT_REQUEST;
  pdu.immediate = true;
  pdu.final = true;
  pdu.reason = fields.reason;
  pdu.cid = fields.cid ?? 0;
  pdu.initiatorTaskTag = initiator.takeTag();
  pdu.cmdSN = initiator.cmdSN;
  await initiator.send(new Uint8Array(pdu.view.buffer));
  return (await initiator.expect(Opcode.LOGOUT_RESPONSE, LogoutResponse)).response;
}

async function rejected(initiator: TestInitiator): Promise<number> {
  const reject = await initiator.expect(Opcode.REJECT, Reject);
  initiator.expStatSN = serialAdd(reject.statSN, 1);
  return reject.reason;
}

function header(opcode: number): Uint8Array {
  const octets = new Uint8Array(BHS_LENGTH);
  octets[0] = opcode | 0x40;
  octets[1] = 0x80;
  return octets;
}

Deno.test("A52: ExpStatSN frees nothing and asks for nothing: no response is kept at level 0", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ ErrorRecoveryLevel: "2" });
  for (const expStatSN of [0, 0x80000000, serialAdd(initiator.expStatSN, -5)]) {
    const before = initiator.expStatSN;
    initiator.expStatSN = expStatSN;
    const tag = await initiator.command({ cdb: TEST_UNIT_READY });
    assert.equal((await initiator.result(tag)).status, Status.GOOD);
    assert.equal(initiator.expStatSN, serialAdd(before, 1), "nothing was sent again");
  }
  await target.close();
});

Deno.test("A73: a Reject repeats the header that it is about, with a StatSN of its own", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const offender = header(0x1c);
  await initiator.send(offender);
  const pdu = (await initiator.receive())!;
  const reject = pdu.as(Reject);
  assert.equal(pdu.opcode, Opcode.REJECT);
  assert.equal(reject.statSN, initiator.expStatSN);
  assert.equal(reject.initiatorTaskTag, RESERVED_TAG);
  assert.deepEqual(pdu.data, offender);
  await target.close();
});

Deno.test("A74: opcodes that nobody supports are rejected with reason 5, SNACK with 3", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  for (const opcode of [0x07, 0x0f, 0x1c, 0x1e, 0x20, 0x21, 0x3f]) {
    await initiator.send(header(opcode));
    assert.equal(await rejected(initiator), RejectReason.COMMAND_NOT_SUPPORTED);
  }
  await initiator.send(header(Opcode.SNACK_REQUEST));
  assert.equal(await rejected(initiator), RejectReason.SNACK_REJECT);
  assert.equal((await initiator.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A64: a SCSI Command with an additional header segment is rejected cleanly", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const long = new Uint8Array(BHS_LENGTH + 16);
  long.set(header(Opcode.SCSI_COMMAND));
  new DataView(long.buffer).setUint32(24, initiator.cmdSN);
  await initiator.send(long);
  assert.equal(await rejected(initiator), RejectReason.INVALID_PDU_FIELD);
  await initiator.fence();
  await target.close();
});

Deno.test("A76: NOP-Out is answered with its data, cut to what the initiator takes", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ MaxRecvDataSegmentLength: "512" });
  for (const length of [0, 1, 511, 512, 513, 4096]) {
    const data = Uint8Array.from({ length }, (_, i) => i);
    const tag = await initiator.ping(data);
    const pdu = (await initiator.receive())!;
    assert.equal(pdu.opcode, Opcode.NOP_IN);
    assert.equal(pdu.as(NopIn).initiatorTaskTag, tag);
    assert.equal(pdu.as(NopIn).targetTransferTag, RESERVED_TAG);
    assert.deepEqual(pdu.data, data.subarray(0, 512));
    initiator.expStatSN = serialAdd(pdu.as(NopIn).statSN, 1);
  }
  await initiator.ping(new Uint8Array(0), { initiatorTaskTag: RESERVED_TAG });
  await initiator.fence(); // the one without a tag got no answer
  await target.close();
});

Deno.test("A77 A78: a silent initiator is pinged, and dropped when it does not answer", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  target.clock.advance(31_000);
  target.server.tickNow();
  const ping = await initiator.expect(Opcode.NOP_IN, NopIn);
  assert.equal(ping.initiatorTaskTag, RESERVED_TAG);
  assert.equal(ping.statSN, initiator.expStatSN, "it takes no StatSN");
  await initiator.ping(new Uint8Array(0), {
    initiatorTaskTag: RESERVED_TAG,
    targetTransferTag: ping.targetTransferTag,
  });
  await initiator.fence();
  target.clock.advance(20_000);
  target.server.tickNow();
  await initiator.fence();
  target.clock.advance(31_000);
  target.server.tickNow();
  await initiator.expect(Opcode.NOP_IN, NopIn);
  target.clock.advance(61_000);
  target.server.tickNow();
  assert.equal(await initiator.receive(), null);
  assert.equal(target.target.sessions.size, 0);
  await target.close();
});

Deno.test("A78: a disk that does not answer stops no NOP", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  device.hold("read");
  await initiator.command({ cdb: read10(0, 1), read: true, length: BLOCK });
  await device.waiting(1);
  await initiator.fence();
  device.releaseAll();
  await target.close();
});

Deno.test("A84: logging out the session answers after its tasks have ended, and closes", async () => {
  const device = new GatedDevice(new MemoryDevice(1 << 16));
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  device.hold("read");
  await initiator.command({ cdb: read10(0, 1), read: true, length: BLOCK });
  await device.waiting(1);
  const response = logOut(initiator, { reason: LogoutReason.CLOSE_SESSION });
  await initiator.command({ cdb: TEST_UNIT_READY }); // after a logout nothing is taken
  device.releaseAll();
  assert.equal(await response, LogoutOutcome.CLOSED);
  assert.equal(await initiator.receive(), null);
  assert.equal(target.target.sessions.size, 0);
  await target.close();
});

Deno.test("A84: logging out a connection that is not there, or for recovery, is answered so", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  assert.equal(
    await logOut(initiator, { reason: LogoutReason.CLOSE_CONNECTION, cid: 9 }),
    LogoutOutcome.CID_NOT_FOUND,
  );
  assert.equal(
    await logOut(initiator, { reason: LogoutReason.REMOVE_CONNECTION_FOR_RECOVERY }),
    LogoutOutcome.CONNECTION_RECOVERY_NOT_SUPPORTED,
  );
  await target.close();
});

Deno.test("A84: one of two connections logs the other out, and the session goes on", async () => {
  const target = new TestTarget();
  const one = target.connect().initiator;
  const two = target.connect().initiator;
  const keys = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };
  const { tsih } = await one.login({ ...keys, MaxConnections: "2" });
  await two.login(keys, { tsih, cid: 1 });
  assert.equal(
    await logOut(one, { reason: LogoutReason.CLOSE_CONNECTION, cid: 1 }),
    LogoutOutcome.CLOSED,
  );
  assert.equal(await two.receive(), null);
  await one.run({ cdb: TEST_UNIT_READY });
  assert.equal((await one.run({ cdb: TEST_UNIT_READY })).status, Status.GOOD);
  await target.close();
});

Deno.test("A85 A150: a stop asks for logout, with the time that is left, then closes", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const closed = target.server.close({ drainMs: 5000 });
  const message = await initiator.expect(Opcode.ASYNC_MESSAGE, AsyncMessage);
  assert.equal(message.asyncEvent, AsyncEvent.LOGOUT_REQUESTED);
  assert.equal(message.parameter3, 5);
  assert.equal(
    await logOut(initiator, { reason: LogoutReason.CLOSE_SESSION }),
    LogoutOutcome.CLOSED,
  );
  initiator.stream.close();
  await closed;
  assert.equal(target.server.connectionCount, 0);
});

Deno.test("A85: an initiator that does not log out in time is closed by the stop", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const closed = target.server.close({ drainMs: 5000 });
  await initiator.expect(Opcode.ASYNC_MESSAGE, AsyncMessage);
  target.clock.advance(5000);
  await closed;
  assert.equal(await initiator.receive(), null);
});

Deno.test("A83: a discovery session takes no SCSI command", async () => {
  const target = new TestTarget();
  const { initiator } = target.connect();
  await initiator.login({ InitiatorName: INITIATOR_NAME, SessionType: "Discovery" });
  await initiator.command({ cdb: TEST_UNIT_READY });
  assert.equal(await rejected(initiator), RejectReason.PROTOCOL_ERROR);
  await target.close();
});

for (const headerDigest of ["None", "CRC32C"]) {
  for (const dataDigest of ["None", "CRC32C"]) {
    Deno.test(`A31 A65: HeaderDigest=${headerDigest} with DataDigest=${dataDigest} reads and writes`, async () => {
      const target = new TestTarget();
      const initiator = await target.logIn({
        HeaderDigest: headerDigest,
        DataDigest: dataDigest,
        MaxBurstLength: "1024",
        FirstBurstLength: "512",
      });
      assert.equal(initiator.headerDigest, headerDigest === "CRC32C");
      const data = Uint8Array.from({ length: 8 * BLOCK }, (_, i) => i * 3);
      const cdb = [0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0];
      const fields = { cdb, write: true, length: data.length, data: data.subarray(0, 512) };
      assert.equal((await initiator.run(fields, data)).status, Status.GOOD);
      const read = await initiator.run({ cdb: read10(0, 8), read: true, length: data.length });
      assert.deepEqual(read.data, data);
      await target.close();
    });
  }
}

Deno.test("A66: a header digest error drops the connection", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ HeaderDigest: "CRC32C" });
  await initiator.sendRaw(new Uint8Array(64).fill(1));
  assert.equal(await initiator.receive(), null);
  const lines = target.log.filter(({ message }) => message === "protocol error");
  assert.equal(lines.length, 1);
  await target.close();
});

Deno.test("A66: a data digest error is rejected with reason 2, and the data reaches nothing", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn({ DataDigest: "CRC32C" });
  const pdu = new Uint8Array(BHS_LENGTH + BLOCK + 4);
  pdu[0] = Opcode.SCSI_COMMAND;
  pdu[1] = 0xa1;
  const view = new DataView(pdu.buffer);
  view.setUint32(4, BLOCK);
  view.setUint32(16, 77);
  view.setUint32(20, BLOCK);
  view.setUint32(24, initiator.cmdSN);
  pdu.set([0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], 32);
  pdu.fill(0xee, BHS_LENGTH);
  await initiator.sendRaw(pdu);
  assert.equal(await rejected(initiator), RejectReason.DATA_DIGEST_ERROR);
  assert.equal(await initiator.receive(), null);
  const again = await target.logIn();
  const read = await again.run({ cdb: read10(0, 1), read: true, length: BLOCK });
  assert.deepEqual(read.data, new Uint8Array(BLOCK));
  await target.close();
});

Deno.test("A63: a data segment longer than we declared closes the connection before it is held", async () => {
  const target = new TestTarget();
  const initiator = await target.logIn();
  const pdu = header(Opcode.NOP_OUT);
  pdu.set([0xff, 0xff, 0xff], 5);
  await initiator.sendRaw(pdu);
  assert.equal(await initiator.receive(), null);
  await target.close();
});

Deno.test("Connection gives the same answers however its input is cut", async () => {
  for (const readLimit of [1, 7, 48, 1000]) {
    const target = new TestTarget();
    const { initiator, stream } = target.connect();
    stream.peer.readLimit = readLimit;
    await initiator.login({ InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME });
    await initiator.run({ cdb: TEST_UNIT_READY });
    const data = Uint8Array.from({ length: 4 * BLOCK }, (_, i) => i);
    const cdb = [0x2a, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    await initiator.run({ cdb, write: true, length: data.length, data });
    const read = await initiator.run({ cdb: read10(0, 4), read: true, length: data.length });
    assert.deepEqual(read.data, data);
    await target.close();
  }
});

Deno.test("B-29: a peer that takes nothing holds two outboxes, not more, and is dropped in time", async () => {
  const target = new TestTarget({ size: 16 << 20 });
  const { initiator, stream, ended } = target.connect();
  await initiator.login({ InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME });
  await initiator.run({ cdb: TEST_UNIT_READY });
  stream.stopTaking();
  const blocks = 2048;
  for (let i = 0; i < 100; i++) {
    await initiator.command({ cdb: read10(0, blocks), read: true, length: blocks * BLOCK });
  }
  target.clock.advance(61_000);
  target.server.tickNow();
  await ended;
  assert.equal(target.target.sessions.size, 0);
  await target.close();
});
