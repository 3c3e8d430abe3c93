import assert from "node:assert/strict";
import { BlockLimits } from "../../lib/scsi/block_limits.ts";
import { begin } from "../../lib/scsi/device_server.ts";
import type { LogicalUnit } from "../../lib/scsi/logical_unit.ts";
import { MOST_REGISTRATIONS } from "../../lib/scsi/reservations/registering.ts";
import { Status } from "../../lib/scsi/status.ts";
import { Step } from "../../lib/scsi/task.ts";
import { Chance } from "../support/chance.ts";
import { lunsOf, run, taskOf, unitOf } from "../support/scsi.ts";
import { chooseSeed } from "../support/seeded_random.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_LISTS=n` makes it longer. */
const LISTS = Number(Deno.env.get("SANCTL_FUZZ_LISTS") ?? 10_000);
const SIZE = 64 << 10;
const BLOCK = 512;

/** Where CDBs of 6, 10, 12 and 16 octets have a length, by the group of their operation code. */
const LENGTH_AT: readonly (readonly [at: number, octets: number])[] = [
  [3, 2],
  [7, 2],
  [7, 2],
  [0, 0],
  [10, 4],
  [6, 4],
  [0, 0],
  [0, 0],
];
const LENGTHS = [0, 1, 3, 4, 7, 8, 12, 16, 24, 36, 64, 96, 252, 255, 300, 0xffff, 0xffffffff];

/** What a command may ask to collect: its longest transfer, and the list that goes with it. */
const MOST_COLLECTED = BlockLimits.transferLength + 64 * 1024;

Deno.test("B-19 A108: all 65,536 openings of a CDB, with any length, end as they should", async () => {
  const rest = new Uint8Array(16);
  for (let opcode = 0; opcode < 256; opcode++) {
    const unit = unitOf({ size: SIZE, removable: true });
    const luns = lunsOf(unit);
    const [at, octets] = LENGTH_AT[opcode >>> 5]!;
    const waits: Promise<unknown>[] = [];
    for (let second = 0; second < 256; second++) {
      for (const length of octets === 0 ? [0] : LENGTHS) {
        rest.fill(0);
        rest[0] = opcode;
        rest[1] = second;
        const view = new DataView(rest.buffer);
        if (octets === 2) view.setUint16(at, Math.min(length, 0xffff));
        else if (octets === 4) view.setUint32(at, length);
        const task = taskOf(unit, rest);
        const step = begin(task, luns);
        check(task, step, length);
        if (step === Step.WAIT) waits.push(task.promise!);
      }
      if (waits.length > 100) await Promise.all(waits.splice(0));
    }
    await Promise.all(waits);
    assert.equal(unit.blockCount, SIZE / BLOCK);
  }
});

function check(task: ReturnType<typeof taskOf>, step: Step, allocationLength: number): void {
  const name = `CDB ${task.cdb.toHex()}`;
  if (step === Step.SEND) {
    assert.ok(task.length <= task.data.length, `${name} sends no more than it built`);
    assert.ok(
      task.length <= Math.max(allocationLength, 0xffff),
      `${name} sends what was asked for`,
    );
  } else if (step === Step.COLLECT) {
    assert.ok(task.length <= MOST_COLLECTED, `${name} collects ${task.length} octets`);
  } else if (step === Step.READ || step === Step.WRITE) {
    assert.ok(task.offset + task.length <= SIZE, `${name} stays on the medium`);
  } else if (step === Step.DONE) {
    assert.equal(task.status === Status.CHECK_CONDITION, task.sense !== undefined, name);
  }
}

/** Runs `once` with chance of its own, many times, and says which seed it failed with. */
async function repeatedly(once: (chance: Chance) => Promise<void>): Promise<void> {
  let seed = chooseSeed();
  for (let i = 0; i < LISTS; i++, seed = (seed + 1) >>> 0) {
    try {
      await once(new Chance(seed));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
    }
  }
}

function mutate(chance: Chance, octets: Uint8Array): Uint8Array {
  for (let i = chance.below(4); i > 0; i--) {
    octets[chance.below(Math.max(1, octets.length))] = chance.one([0, 1, 0xff, chance.below(256)]);
  }
  return chance.in100(15) ? octets.subarray(0, chance.below(octets.length + 1)) : octets;
}

const MODE_SENSE_ALL = "5a 08 3f ff 00 00 00 ff ff 00";

async function modePages(unit: LogicalUnit): Promise<Uint8Array> {
  return (await run(unit, MODE_SENSE_ALL)).data;
}

Deno.test(`B-27: ${LISTS} parameter lists of MODE SELECT change what they may, or nothing`, async () => {
  const unit = unitOf({ size: SIZE });
  await repeatedly(async (chance) => {
    const before = await modePages(unit);
    const isTen = chance.in100(50);
    const header = isTen ? new Uint8Array(8) : new Uint8Array(4);
    const descriptor = chance.in100(30) ? chance.octets(8) : new Uint8Array(0);
    header[isTen ? 7 : 3] = descriptor.length;
    const pages = before.slice(8 + before[7]!);
    const list = Uint8Array.from([...header, ...descriptor, ...aFew(chance, pages)]);
    const dataOut = mutate(chance, list);
    const length = chance.in100(90) ? dataOut.length : chance.below(300);
    const cdb = isTen
      ? [0x55, 0x10, 0, 0, 0, 0, 0, length >> 8, length & 255, 0]
      : [0x15, 0x10, 0, 0, Math.min(length, 255), 0];
    const { status } = await run(unit, cdb, { dataOut });
    const after = await modePages(unit);
    if (status !== Status.GOOD) assert.deepEqual(after, before, "what is refused changes nothing");
    assert.equal(after.length, before.length);
    assert.equal(unit.blockCount, SIZE / BLOCK);
    assert.equal(unit.blockLength, BLOCK);
    if (chance.in100(20)) unit.mode.reset();
  });
});

/** Some of the mode pages, each whole. */
function aFew(chance: Chance, pages: Uint8Array): number[] {
  const chosen: number[] = [];
  for (let at = 0; at < pages.length; at += pages[at + 1]! + 2) {
    if (!chance.in100(40)) continue;
    const page = [...pages.subarray(at, at + pages[at + 1]! + 2)];
    page[0]! &= 0x3f; // PS is reserved here
    chosen.push(...page);
  }
  return chosen;
}

Deno.test(`B-27 A111: ${LISTS} parameter lists of PERSISTENT RESERVE OUT change what they may, or nothing`, async () => {
  const unit = unitOf({ size: SIZE });
  await repeatedly(async (chance) => {
    const { state } = unit.reservations;
    const list = new Uint8Array(chance.in100(70) ? 24 : 24 + chance.below(64));
    list[7] = chance.below(3);
    list[15] = chance.below(3);
    list[20] = chance.one([0, 0, 0, 1, 4, 8]);
    const dataOut = mutate(chance, list);
    const length = chance.in100(90) ? dataOut.length : chance.u32();
    const cdb = new Uint8Array(16);
    cdb.set([0x5f, chance.below(8), chance.below(9)]);
    new DataView(cdb.buffer).setUint32(5, length);
    const { status } = await run(unit, cdb, { dataOut });
    if (status !== Status.GOOD) assert.equal(unit.reservations.state, state);
    assert.ok(unit.reservations.state.registrations.length <= MOST_REGISTRATIONS);
  });
});

Deno.test(`B-27 A119: ${LISTS} parameter lists of UNMAP unmap what they name, or nothing`, async () => {
  const unit = unitOf({ size: SIZE });
  const pattern = new Uint8Array(SIZE).fill(0x5a);
  await repeatedly(async (chance) => {
    unit.device.poke(0, pattern);
    const count = chance.below(5);
    const list = new Uint8Array(8 + count * 16);
    const view = new DataView(list.buffer);
    view.setUint16(0, list.length - 2);
    view.setUint16(2, count * 16);
    const wanted = new Set<number>();
    for (let i = 0; i < count; i++) {
      const lba = chance.below(SIZE / BLOCK);
      const blocks = chance.below(SIZE / BLOCK - lba + 1);
      view.setUint32(8 + i * 16 + 4, lba);
      view.setUint32(8 + i * 16 + 8, blocks);
      for (let block = lba; block < lba + blocks; block++) wanted.add(block);
    }
    const isMutated = chance.in100(60);
    const dataOut = isMutated ? mutate(chance, list) : list;
    const cdb = [0x42, 0, 0, 0, 0, 0, 0, dataOut.length >> 8, dataOut.length & 255, 0];
    const { status } = await run(unit, cdb, { dataOut });
    const found = unit.device.peek(0, SIZE);
    if (status !== Status.GOOD) assert.deepEqual(found, pattern, "what is refused changes nothing");
    else if (!isMutated) {
      for (let block = 0; block < SIZE / BLOCK; block++) {
        const isZero = found[block * BLOCK] === 0 && found[block * BLOCK + BLOCK - 1] === 0;
        assert.equal(isZero, wanted.has(block), `block ${block}`);
      }
    }
  });
});
