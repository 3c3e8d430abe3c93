import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ScsiCommand } from "../../../lib/iscsi/pdu/scsi_command.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { TaskAttribute } from "../../../lib/scsi/task.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const TEST_UNIT_READY = new Uint8Array(6);
const NAMES = { InitiatorName: INITIATOR_NAME, TargetName: TARGET_NAME };

function read10(lba: number, blocks: number): number[] {
  return [0x28, 0, 0, lba >> 16, lba >> 8 & 255, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

function write10(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, lba >> 16, lba >> 8 & 255, lba & 255, 0, blocks >> 8, blocks & 255, 0];
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Counts what is asked of it at once. */
class CountingDevice extends GatedDevice {
  reading = 0;
  mostReading = 0;

  override async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.reading += length;
    this.mostReading = Math.max(this.mostReading, this.reading);
    await super.read(offset, into, at, length);
  }
}

Deno.test("A48 B-29: what is read ahead for a peer that takes nothing stays within 4 MiB", async () => {
  const device = new CountingDevice(new MemoryDevice(16 << 20));
  device.hold("read");
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  initiator.stream.stopTaking();
  const tags: number[] = [];
  for (let i = 0; i < 100; i++) {
    const length = 512 * BLOCK;
    tags.push(await initiator.command({ cdb: read10(i, 512), read: true, length }));
  }
  for (let i = 0; i < 40; i++) {
    await settle();
    device.releaseAll();
    device.hold("read");
  }
  await settle();
  // All that was ever read fits in the two outboxes and what may be read ahead.
  assert.ok(device.reading <= (4 << 20) + 2 * (640 << 10), `${device.reading} octets`);
  device.releaseAll();
  initiator.stream.takeAgain();
  for (const tag of tags) assert.equal((await initiator.result(tag)).status, Status.GOOD);
  await target.close();
});

Deno.test("A95: a stuck disk holds up no data but its own", async () => {
  const device = new GatedDevice(new MemoryDevice(64 << 20));
  const target = new TestTarget({ device });
  const other = new TestTarget();
  target.luns.set(1, { unit: other.unit, readOnly: false });
  const initiator = await target.logIn();
  await initiator.run({ cdb: TEST_UNIT_READY, lun: 1 });
  device.hold("read");
  for (let i = 0; i < 100; i++) {
    await initiator.command({ cdb: read10(i, 1024), read: true, length: 1024 * BLOCK });
  }
  await device.waiting(16);
  const inquiry = { cdb: [0x12, 0, 0, 0, 96, 0], read: true, length: 96 };
  assert.equal((await initiator.run(inquiry)).status, Status.GOOD);
  const read = { cdb: read10(0, 8), read: true, length: 8 * BLOCK, lun: 1 };
  assert.equal((await initiator.run(read)).status, Status.GOOD);
  device.releaseAll();
  await target.close();
});

Deno.test("A48: a task that is over keeps none of its data", async () => {
  const device = new GatedDevice(new MemoryDevice(4 << 20));
  const target = new TestTarget({ device });
  const initiator = await target.logIn({ FirstBurstLength: "262144" });
  const [session] = target.target.sessions;
  device.hold("read");
  const data = new Uint8Array(256 << 10);
  const verify = [0x2f, 2, 0, 0, 0, 0, 0, 2, 0, 0];
  const tags: number[] = [];
  for (let i = 0; i < 4; i++) {
    tags.push(await initiator.command({ cdb: verify, write: true, length: data.length, data }));
  }
  await device.waiting(4);
  const tasks = [...session!.tasks.values()];
  assert.equal(session!.collectedOctets, 4 * data.length);
  device.releaseAll();
  for (const tag of tags) assert.equal((await initiator.result(tag)).status, Status.GOOD);
  assert.equal(session!.collectedOctets, 0);
  assert.deepEqual(tasks.map((task) => task.data.length), [0, 0, 0, 0]);
  await target.close();
});

Deno.test("A48: what is collected for long commands is limited, for a session and for all", async () => {
  const limits = { collectedOctets: 5 << 20, collectedOctetsOfSession: 4 << 20 };
  const target = new TestTarget({ limits, size: 16 << 20 });
  const one = await target.logIn({ ImmediateData: "No" });
  const two = await target.logIn({ InitiatorName: `${INITIATOR_NAME}.two`, ImmediateData: "No" });
  const mib = (blocks: number) => ({
    cdb: [0x2f, 2, 0, 0, 0, 0, 0, blocks >> 8, blocks & 255, 0],
    write: true,
    length: blocks * BLOCK,
  });
  const opcodes = async (initiator: typeof one, count: number) => {
    const seen: (readonly [number, number])[] = [];
    for (let i = 0; i < count; i++) {
      const pdu = await initiator.receive();
      seen.push([pdu!.opcode, pdu!.header[3]!]);
    }
    return seen;
  };
  const asked = [Opcode.READY_TO_TRANSFER, 0];
  const full = [Opcode.SCSI_RESPONSE, Status.TASK_SET_FULL];
  await one.command(mib(6144)); // 3 MiB
  await one.command(mib(4096)); // more than the session may have
  assert.deepEqual(await opcodes(one, 2), [asked, full]);
  await two.command(mib(6144)); // more than all may have
  await two.command(mib(2048)); // short
  assert.deepEqual(await opcodes(two, 2), [full, asked]);
  one.stream.close();
  await settle();
  assert.equal(target.node.collected.octets, 1 << 20);
  await two.command(mib(4096));
  assert.deepEqual(await opcodes(two, 1), [asked], "there is room again");
  two.stream.close();
  await settle();
  assert.equal(target.node.collected.octets, 0);
  await target.close();
});

Deno.test("B-07: strangers borrow no large buffer, whatever they declare and send", async () => {
  const target = new TestTarget();
  const shapes: Uint8Array[] = [];
  for (const [ahsWords, dataLength] of [[255, 8192], [255, 0], [1, 8192], [0, 8192]] as const) {
    const header = new Uint8Array(48);
    header[0] = 0x40 | Opcode.LOGIN_REQUEST;
    header[4] = ahsWords;
    new DataView(header.buffer).setUint16(6, dataLength);
    shapes.push(header);
    const long = new Uint8Array(8704); // fills several buffers to the last octet
    long.set(header);
    shapes.push(long.subarray(0, 48 + dataLength), long);
  }
  for (const octets of shapes) {
    const { initiator } = target.connect();
    await initiator.sendRaw(octets.slice());
  }
  await settle();
  assert.equal(target.server.lentBuffers, 0);
  await target.close();
});

Deno.test("B-07: additional header segments before login close the connection", async () => {
  const target = new TestTarget();
  const { initiator, ended } = target.connect();
  const header = new Uint8Array(48);
  header[0] = 0x40 | Opcode.LOGIN_REQUEST;
  header[4] = 1;
  await initiator.sendRaw(header);
  await ended;
  const lines = target.log.filter(({ level }) => level === "warn");
  assert.deepEqual(lines.map(({ message }) => message), ["protocol error"]);
  await target.close();
});

Deno.test("A78: pings are answered while more than 8 MiB of writes wait for their medium", async () => {
  const device = new GatedDevice(new MemoryDevice(32 << 20));
  const target = new TestTarget({ device });
  const initiator = await target.logIn({ FirstBurstLength: "262144" });
  device.hold("write");
  const length = 256 << 10;
  const data = new Uint8Array(length);
  for (let i = 0; i < 60; i++) {
    await initiator.command({ cdb: write10(512 * i, 512), write: true, length, data });
  }
  await device.waiting(60);
  await initiator.fence();
  device.releaseAll();
  await target.close();
});

Deno.test("A78: a peer that is not read, since the media are behind, is not taken for silent", async () => {
  const device = new GatedDevice(new MemoryDevice(32 << 20));
  const target = new TestTarget({ device, limits: { pendingWriteOctets: 1 << 20 } });
  const initiator = await target.logIn({ FirstBurstLength: "262144" });
  device.hold("write");
  const length = 256 << 10;
  const data = new Uint8Array(length);
  const tags: number[] = [];
  for (let i = 0; i < 60; i++) {
    tags.push(await initiator.command({ cdb: write10(0, 512), write: true, length, data }));
  }
  await settle();
  const { pendingWrites } = target.node;
  assert.ok(pendingWrites.octets < 10 << 20, `${pendingWrites.octets} octets are held`);
  for (let i = 0; i < 10; i++) {
    target.clock.advance(20_000);
    target.server.tickNow();
  }
  assert.equal(target.target.sessions.size, 1);
  device.releaseAll();
  for (const tag of tags) assert.equal((await initiator.result(tag)).status, Status.GOOD);
  assert.equal(pendingWrites.octets, 0);
  await target.close();
});

Deno.test("A60: R2Ts ask for no more than 16 MiB at once, and ask on as data comes or is given up", async () => {
  const target = new TestTarget({ size: 64 << 20 });
  const initiator = await target.logIn({
    ImmediateData: "No",
    MaxOutstandingR2T: "8",
    MaxBurstLength: "1048576",
  });
  const length = 2 << 20;
  const tags: number[] = [];
  for (let i = 0; i < 20; i++) {
    tags.push(
      await initiator.command({ cdb: write10(4096 * i, 4096), write: true, length, final: true }),
    );
  }
  const asked = new Map<number, number>();
  for (let i = 0; i < 16; i++) {
    const pdu = await initiator.receive();
    assert.equal(pdu?.opcode, Opcode.READY_TO_TRANSFER);
    const tag = new DataView(pdu.header.buffer, pdu.header.byteOffset).getUint32(16);
    asked.set(tag, (asked.get(tag) ?? 0) + 1);
  }
  await initiator.fence(); // no further R2T
  assert.equal(asked.size, 8);
  // Two of them are aborted: others are asked in their place.
  for (const tag of tags.slice(0, 2)) {
    await initiator.manage({ functionCode: 1, referencedTaskTag: tag });
  }
  const opcodes: number[] = [];
  for (let i = 0; i < 6; i++) opcodes.push((await initiator.receive())!.opcode);
  const { TASK_MANAGEMENT_RESPONSE, READY_TO_TRANSFER } = Opcode;
  assert.equal(opcodes.filter((each) => each === TASK_MANAGEMENT_RESPONSE).length, 2);
  assert.equal(opcodes.filter((each) => each === READY_TO_TRANSFER).length, 4);
  await target.close();
});

Deno.test("a frame that has begun is received whole, whatever else happens meanwhile", async () => {
  const medium = new MemoryDevice(4 << 20);
  const device = new GatedDevice(medium);
  const target = new TestTarget({ device });
  const { initiator } = target.connect();
  await initiator.login({ ...NAMES, FirstBurstLength: "262144" });
  await initiator.run({ cdb: TEST_UNIT_READY });
  const length = 256 << 10;
  for (let round = 0; round < 8; round++) {
    device.hold("read");
    const read = await initiator.command({ cdb: read10(4096, 1), read: true, length: BLOCK });
    await device.waiting(1);
    const data = Uint8Array.from({ length }, (_, i) => i * 7 + round);
    const pdu = new ScsiCommand(new Uint8Array(48 + length));
    pdu.opcode = Opcode.SCSI_COMMAND;
    pdu.final = true;
    pdu.write = true;
    pdu.attribute = TaskAttribute.SIMPLE;
    pdu.initiatorTaskTag = 1000 + round;
    pdu.expectedDataTransferLength = length;
    pdu.dataSegmentLength = length;
    pdu.cmdSN = initiator.cmdSN;
    initiator.cmdSN = (initiator.cmdSN + 1) >>> 0;
    pdu.cdb = Uint8Array.from(write10(0, 512));
    const octets = new Uint8Array(pdu.view.buffer);
    octets.set(data, 48);
    await initiator.sendRaw(octets.slice(0, 100 + round)); // the header, and a little more
    await settle();
    device.releaseAll(); // an answer that nothing received asked for
    await initiator.result(read);
    await settle();
    await initiator.sendRaw(octets.slice(100 + round));
    assert.equal((await initiator.result(1000 + round)).status, Status.GOOD);
    const found = new Uint8Array(length);
    medium.readNow(0, found, 0, length);
    assert.deepEqual(found, data);
  }
  await target.close();
});

Deno.test("answers that fill the outbox put off what else was received, and lose nothing of it", async () => {
  const target = new TestTarget({ size: 4 << 20 });
  const initiator = await target.logIn({ MaxRecvDataSegmentLength: "65536" });
  // Pings in one piece, each answered in kind, and the last of them cut off in the middle.
  const pings: Uint8Array[] = [];
  const count = 60;
  for (let i = 0; i < count; i++) {
    const ping = new Uint8Array(48 + 30_000);
    ping[0] = 0x40 | Opcode.NOP_OUT;
    ping[1] = 0x80;
    const view = new DataView(ping.buffer);
    view.setUint32(4, 30_000);
    view.setUint32(16, i);
    view.setUint32(20, 0xffffffff);
    view.setUint32(24, initiator.cmdSN);
    ping.fill(i, 48);
    pings.push(ping);
  }
  const octets = new Uint8Array(count * 30_048);
  pings.forEach((ping, i) => octets.set(ping, i * 30_048));
  for (let i = 0; i < 3; i++) await initiator.sendRaw(octets.slice(0, 0));
  initiator.stream.stopTaking();
  const sent = (async () => {
    for (let at = 0; at < octets.length; at += 70_001) {
      await initiator.sendRaw(octets.slice(at, at + 70_001));
      await settle();
    }
  })();
  await settle();
  initiator.stream.takeAgain();
  for (let i = 0; i < count; i++) {
    const pdu = await initiator.receive();
    assert.equal(pdu?.opcode, Opcode.NOP_IN);
    assert.equal(pdu.data.length, 30_000);
    assert.ok(pdu.data.every((octet) => octet === i), `ping ${i}`);
  }
  await sent;
  await target.close();
});
