/** Commands that a simulated initiator thinks of, each with what it means to the disk. */
import { TaskAttribute } from "../../lib/scsi/task.ts";
import type { Chance } from "../support/chance.ts";
import { Intent } from "./intent.ts";
import type { SimDisk } from "./sim_disk.ts";
import type { SimCommand } from "./sim_task.ts";

const BLOCK = 512;
const ILLEGAL_REQUEST = 0x05;
const MISCOMPARE = 0x0e;
const NOTHING = new Uint8Array(0);

/** What initiators of one world have in mind. */
export interface Taste {
  /** Most commands meet on the first so many blocks. */
  readonly hotBlocks: number;
  /** How often each kind of command is thought of. */
  readonly weights: readonly number[];
}

export interface Surroundings {
  readonly chance: Chance;
  readonly disk: SimDisk;
  readonly taste: Taste;
}

interface Range {
  readonly lba: number;
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

type Maker = (around: Surroundings) => Partial<SimCommand> & Pick<SimCommand, "name" | "cdb">;

function rangeOf({ chance, disk, taste }: Surroundings, mostBlocks: number): Range {
  const blocks = chance.in100(85) ? taste.hotBlocks : disk.size / BLOCK;
  const count = chance.between(1, Math.min(mostBlocks, blocks));
  const lba = chance.between(0, blocks - count);
  return { lba, count, offset: lba * BLOCK, length: count * BLOCK };
}

/** A CDB of 10 octets. */
function cdb10(opcode: number, flags: number, { lba, count }: Range): Uint8Array {
  const cdb = new Uint8Array(16);
  const view = new DataView(cdb.buffer);
  cdb[0] = opcode;
  cdb[1] = flags;
  view.setUint32(2, lba);
  view.setUint16(7, count);
  return cdb;
}

function cdb16(opcode: number, { lba }: Range): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = opcode;
  new DataView(cdb.buffer).setUint32(6, lba);
  return cdb;
}

const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [30, write],
  [30, read],
  [6, compareAndWrite],
  [5, writeSame],
  [4, unmap],
  [3, writeAtomic],
  [3, verify],
  [3, writeBeyond],
  [3, (): { name: string; cdb: Uint8Array } => ({ name: "SYNC", cdb: cdb10(0x35, 0, ALL) })],
  [3, (): { name: string; cdb: Uint8Array } => ({ name: "TUR", cdb: new Uint8Array(16) })],
  [3, inquiry],
];

const ALL: Range = { lba: 0, count: 0, offset: 0, length: 0 };

function write(around: Surroundings) {
  const range = rangeOf(around, around.chance.in100(10) ? 128 : 12);
  const dataOut = around.chance.octets(range.length);
  const intent = new Intent("WRITE", range.offset, dataOut);
  const flags = around.chance.in100(10) ? 0x08 : 0;
  return {
    name: `WRITE ${range.lba}+${range.count}`,
    cdb: cdb10(0x2a, flags, range),
    dataOut,
    intent,
  };
}

function read(around: Surroundings) {
  const range = rangeOf(around, around.chance.in100(10) ? 512 : 24);
  return {
    name: `READ ${range.lba}+${range.count}`,
    cdb: cdb10(0x28, 0, range),
    readLength: range.length,
    readOffset: range.offset,
  };
}

function compareAndWrite(around: Surroundings) {
  const range = rangeOf(around, 3);
  const { chance, disk } = around;
  const expected = chance.in100(80)
    ? disk.peek(range.offset, range.length)
    : chance.octets(range.length);
  const octets = chance.octets(range.length);
  const dataOut = new Uint8Array(2 * range.length);
  dataOut.set(expected);
  dataOut.set(octets, range.length);
  const cdb = cdb16(0x89, range);
  cdb[13] = range.count;
  const intent = new Intent("COMPARE AND WRITE", range.offset, octets, expected);
  return { name: `CAW ${range.lba}+${range.count}`, cdb, dataOut, intent, failures: [MISCOMPARE] };
}

function writeSame(around: Surroundings) {
  const { chance } = around;
  const range = rangeOf(around, chance.in100(20) ? 1024 : 32);
  const isUnmap = chance.in100(40);
  const dataOut = isUnmap ? new Uint8Array(BLOCK) : chance.octets(BLOCK);
  const octets = new Uint8Array(range.length);
  for (let at = 0; at < octets.length; at += BLOCK) octets.set(dataOut, at);
  const intent = new Intent("WRITE SAME", range.offset, octets);
  const cdb = cdb10(0x41, isUnmap ? 0x08 : 0, range);
  return { name: `WRITE SAME ${range.lba}+${range.count}`, cdb, dataOut, intent };
}

function unmap(around: Surroundings) {
  const range = rangeOf(around, 64);
  const dataOut = new Uint8Array(24);
  const view = new DataView(dataOut.buffer);
  view.setUint16(0, 22);
  view.setUint16(2, 16);
  view.setUint32(12, range.lba);
  view.setUint32(16, range.count);
  const intent = new Intent("UNMAP", range.offset, new Uint8Array(range.length));
  const cdb = cdb10(0x42, 0, { ...ALL, count: dataOut.length });
  return { name: `UNMAP ${range.lba}+${range.count}`, cdb, dataOut, intent };
}

function writeAtomic(around: Surroundings) {
  const range = rangeOf(around, 16);
  const dataOut = around.chance.octets(range.length);
  const cdb = cdb16(0x9c, range);
  new DataView(cdb.buffer).setUint16(12, range.count);
  const intent = new Intent("WRITE ATOMIC", range.offset, dataOut);
  return { name: `WRITE ATOMIC ${range.lba}+${range.count}`, cdb, dataOut, intent };
}

function verify(around: Surroundings) {
  const range = rangeOf(around, 40);
  const isCompared = around.chance.in100(50);
  const dataOut = isCompared ? around.disk.peek(range.offset, range.length) : NOTHING;
  const cdb = cdb10(0x2f, isCompared ? 0x02 : 0, range);
  return { name: `VERIFY ${range.lba}+${range.count}`, cdb, dataOut, failures: [MISCOMPARE] };
}

/** Fails at once, while its data is still on its way. */
function writeBeyond({ chance, disk }: Surroundings) {
  const count = chance.between(1, 16);
  const range = { ...ALL, lba: disk.size / BLOCK - chance.below(count), count };
  return {
    name: `WRITE beyond the end ${range.lba}+${count}`,
    cdb: cdb10(0x2a, 0, range),
    dataOut: chance.octets(count * BLOCK),
    failures: [ILLEGAL_REQUEST],
  };
}

function inquiry() {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x12;
  cdb[4] = 96;
  return { name: "INQUIRY", cdb, readLength: 96 };
}

/** Each world prefers something else, so that rare things meet in some of them. */
export function tasteOf(chance: Chance): Taste {
  const weights = MAKERS.map(([weight]) => weight * chance.one([0, 1, 1, 1, 6]));
  weights[0]! += 10; // there is always something to write
  return { hotBlocks: chance.one([4, 12, 48]), weights };
}

function attributeOf(chance: Chance): number {
  const at = chance.below(100);
  if (at < 6) return TaskAttribute.ORDERED;
  if (at < 10) return TaskAttribute.HEAD_OF_QUEUE;
  return at < 20 ? TaskAttribute.UNTAGGED : TaskAttribute.SIMPLE;
}

export function thinkOfCommand(around: Surroundings): SimCommand {
  const { weights } = around.taste;
  let at = around.chance.below(weights.reduce((sum, weight) => sum + weight, 0));
  const [, make] = MAKERS[weights.findIndex((weight) => (at -= weight) < 0)]!;
  return {
    readLength: 0,
    dataOut: NOTHING,
    failures: [],
    attribute: attributeOf(around.chance),
    ...make(around),
  };
}
