import assert from "node:assert/strict";
import { DeviceError, type Extent } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { GatedDevice } from "../../support/gated_device.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { INITIATOR_NAME, TestTarget } from "../../support/test_target.ts";

const BLOCK = 512;
const MIB = 1 << 20;

function cdb10(opcode: number, flags: number, lba: number, blocks: number): number[] {
  return [opcode, flags, lba >>> 24, lba >> 16 & 255, lba >> 8 & 255, lba & 255, 0, blocks >> 8]
    .concat(blocks & 255, 0);
}

function cdb16(opcode: number, flags: number, lba: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(16);
  const view = new DataView(cdb.buffer);
  cdb[0] = opcode;
  cdb[1] = flags;
  view.setUint32(6, lba);
  view.setUint32(10, blocks);
  return cdb;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

async function manySessions(target: TestTarget, count: number): Promise<TestInitiator[]> {
  const initiators: TestInitiator[] = [];
  for (let i = 0; i < count; i++) {
    initiators.push(await target.logIn({ InitiatorName: `${INITIATOR_NAME}.${i}` }));
  }
  return initiators;
}

async function queueReads(initiators: readonly TestInitiator[], count: number): Promise<void> {
  for (const initiator of initiators) {
    initiator.stream.stopTaking();
    for (let i = 0; i < count; i++) {
      const length = MIB;
      await initiator.command({ cdb: cdb10(0x28, 0, 0, length / BLOCK), read: true, length });
    }
  }
  await settle();
}

/** Reads and writes beside the others, and finds what it wrote. */
async function goesOn(initiator: TestInitiator): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const data = new Uint8Array(8 * BLOCK).fill(i + 1);
    const write = { cdb: cdb10(0x2a, 0, 8 * i, 8), write: true, length: data.length, data };
    assert.equal((await initiator.run(write)).status, Status.GOOD);
    const read = { cdb: cdb10(0x28, 0, 8 * i, 8), read: true, length: data.length };
    assert.deepEqual((await initiator.run(read)).data, data);
  }
}

Deno.test("B-29: a hundred peers that read nothing hold two send buffers each, most of them lean", async () => {
  const target = new TestTarget({ size: 4 * MIB });
  const good = await target.logIn();
  const peers = await manySessions(target, 100);
  await queueReads(peers, 128);
  // The bound that the limits state: two outboxes, and what came last of a batch.
  assert.ok(target.server.lentBuffers <= 3 * peers.length, `${target.server.lentBuffers} are lent`);
  await goesOn(good);
  for (const peer of peers) peer.stream.close();
  await settle();
  assert.equal(target.server.lentBuffers, 0);
  assert.equal(target.target.sessions.size, 1);
  await target.close();
});

Deno.test("B-29: on a slow disk they hold what is read ahead besides, 4 MiB each", async () => {
  /** Counts what is read and not given back. */
  class SlowDevice extends GatedDevice {
    total = 0;

    override readNow(): boolean {
      return false;
    }

    override async read(offset: number, into: Uint8Array, at: number, length: number) {
      this.total += length;
      await turn();
      await super.read(offset, into, at, length);
    }
  }
  const device = new SlowDevice(new MemoryDevice(4 * MIB));
  const target = new TestTarget({ device });
  const good = await target.logIn();
  const peers = await manySessions(target, 10);
  await queueReads(peers, 128);
  await settle();
  const most = peers.length * (4 * MIB + 2 * 640 * 1024);
  assert.ok(device.total <= most, `${device.total} octets were read for peers that take none`);
  await goesOn(good);
  await target.close();
});

/** Takes everything and keeps nothing; counts what is asked of it within one turn of the loop. */
class CountingDevice {
  readonly size = 64 * 2 ** 30;
  readonly can = { write: true, unmap: true } as const;
  /** The most octets of one turn: moved, and given back. */
  readonly most = { moved: 0, unmapped: 0 };
  #moved = 0;
  #unmapped = 0;
  #isCounting = false;

  readNow(_offset: number, into: Uint8Array, at: number, length: number): boolean {
    into.fill(0, at, at + length);
    this.#count(length, 0);
    return true;
  }

  writeNow(_offset: number, _from: Uint8Array, _at: number, length: number): boolean {
    this.#count(length, 0);
    return true;
  }

  read(): Promise<void> {
    return Promise.reject(new DeviceError("medium", "everything is done at once here"));
  }

  write(): Promise<void> {
    return this.read();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  unmap(_offset: number, length: number): Promise<void> {
    this.#count(0, length);
    return Promise.resolve();
  }

  extents(offset: number, length: number): Promise<Extent[]> {
    return Promise.resolve([{ offset, length, mapped: true }]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #count(moved: number, unmapped: number): void {
    this.#moved += moved;
    this.#unmapped += unmapped;
    this.most.moved = Math.max(this.most.moved, this.#moved);
    this.most.unmapped = Math.max(this.most.unmapped, this.#unmapped);
    if (this.#isCounting) return;
    this.#isCounting = true;
    setImmediate(() => {
      this.#isCounting = false;
      this.#moved = this.#unmapped = 0;
    });
  }
}

const GIB_OF_BLOCKS = 2 ** 30 / BLOCK;
const HEAVY = {
  "WRITE SAME of 1 GiB": {
    cdb: cdb16(0x93, 0, 0, GIB_OF_BLOCKS),
    write: true,
    length: BLOCK,
    data: new Uint8Array(BLOCK).fill(7),
  },
  "WRITE SAME of 1 GiB with UNMAP": {
    cdb: cdb16(0x93, 0x08, 0, GIB_OF_BLOCKS),
    write: true,
    length: BLOCK,
    data: new Uint8Array(BLOCK),
  },
  "UNMAP of 512 MiB": {
    cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0],
    write: true,
    length: 24,
    data: Uint8Array.of(0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0),
  },
  "VERIFY of 1 GiB": { cdb: cdb16(0x8f, 0, 0, GIB_OF_BLOCKS) },
};

for (const [name, command] of Object.entries(HEAVY)) {
  Deno.test(`B-30 A118: during a ${name} pings are answered, and no turn of the loop is long`, async () => {
    const device = new CountingDevice();
    const target = new TestTarget({ device });
    const initiator = await target.logIn();
    const tag = await initiator.command(command);
    let answered = 0;
    let isOver = false;
    await initiator.ping(new Uint8Array(0));
    while (!isOver) {
      const pdu = await initiator.receive();
      isOver = pdu?.opcode === Opcode.SCSI_RESPONSE;
      if (isOver) assert.equal(pdu!.header[3], Status.GOOD);
      if (pdu?.opcode !== Opcode.NOP_IN) continue;
      answered++;
      await turn(); // an initiator elsewhere needs its time
      await initiator.ping(new Uint8Array(0));
    }
    assert.ok(tag > 0);
    assert.ok(answered >= 20, `${answered} pings were answered meanwhile`);
    assert.ok(device.most.moved <= MIB, `${device.most.moved} octets were moved in one turn`);
    assert.ok(device.most.unmapped <= 16 * MIB, `${device.most.unmapped} octets in one turn`);
    await target.close();
  });
}

Deno.test("B-30: a hundred heavy commands at once make no turn of the loop long", async () => {
  const device = new CountingDevice();
  const target = new TestTarget({ device });
  const initiator = await target.logIn();
  for (let i = 0; i < 100; i++) {
    await initiator.command({ cdb: cdb16(0x8f, 0, 0, GIB_OF_BLOCKS) });
  }
  await turn();
  await turn();
  device.most.moved = 0; // each has begun
  for (let i = 0; i < 200; i++) await turn();
  assert.ok(device.most.moved > 0);
  assert.ok(device.most.moved <= 2 * MIB, `${device.most.moved} octets were moved in one turn`);
  await target.close();
});

Deno.test("B-29: closing many sessions with full queues takes no longer than it must", async () => {
  const device = new GatedDevice(new MemoryDevice(4 * MIB));
  const target = new TestTarget({ device });
  const peers = await manySessions(target, 60);
  device.hold("read");
  for (const initiator of peers) {
    for (let i = 0; i < 120; i++) {
      await initiator.command({ cdb: cdb10(0x28, 0, 0, 1), read: true, length: BLOCK });
    }
  }
  await settle();
  assert.equal(target.unit.tasks.count, 60 * 120);
  let visited = 0;
  const { tasks } = target.unit;
  const iterate = tasks[Symbol.iterator].bind(tasks);
  tasks[Symbol.iterator] = function* () {
    for (const task of iterate()) {
      visited++;
      yield task;
    }
  };
  for (const peer of peers) peer.stream.close();
  device.releaseAll();
  await settle();
  assert.equal(target.target.sessions.size, 0);
  // Each closing looks at every task of the unit a few times, not once for each of its own.
  assert.ok(visited <= 4 * 60 * 60 * 120, `${visited} tasks were looked at`);
  await target.close();
});
