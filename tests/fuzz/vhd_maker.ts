/**
 * Files of disks that are damaged the way programs and attackers would: each part of the format is
 * known, changed in its fields, and given a right checksum as often as not. One seed, one case.
 */
import { checksum } from "../../lib/vhd/checksum.ts";
import { createDifferencingVhd, createDynamicVhd, createFixedVhd } from "../../lib/vhd/create.ts";
import { DynamicHeaderLayout, ParentLocatorLayout } from "../../lib/vhd/dynamic_header.ts";
import { FooterLayout } from "../../lib/vhd/footer.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { JournalHeaderLayout, JournalRecordLayout } from "../../lib/vhd/journal_layout.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import type { Chance } from "../support/chance.ts";
import { SparseFiles } from "../support/sparse_files.ts";
import { TestClock } from "../support/test_clock.ts";

type Octets = Uint8Array<ArrayBuffer>;

/** The files of a case, by their names; the disk is `disk.vhd`. */
export type CaseFiles = Map<string, Octets>;

export const DISK = "disk.vhd";
const JOURNAL = "disk.vhd.sjl";
const SECTOR = 512;
const HEADER = 512;
const BLOCK = 16 << 10;
const SIZE = 9 * BLOCK + 7 * SECTOR;

/** Whole disks to begin with, as chance has them: fixed, dynamic, a child, and a child's child. */
export async function wholeDisks(chance: Chance): Promise<CaseFiles[]> {
  const files = new SparseFiles();
  const around = { files, clock: new TestClock(), random: chance, bootId: BOOT_ID };
  const path = (name: string) => `/disks/${name}`;
  const form = { ...around, size: SIZE, blockLength: BLOCK, growTo: 2 * SIZE };
  const written = async (name: string) => {
    const { device } = await openVhd(path(name), { ...around, regionsOfChunk: 1 });
    for (let i = 0; i < 5; i++) {
      const length = chance.between(1, 24) * SECTOR;
      const offset = chance.below((SIZE - length) / SECTOR) * SECTOR;
      await device.write(offset, chance.octets(length), 0, length);
    }
    await device.close();
  };
  const taken = (...names: string[]): CaseFiles =>
    new Map(names.map((name) => [name, files.octets(path(name))]));
  const childOf = (parent: string) =>
    createDifferencingVhd(path(DISK), { ...form, parent: path(parent) });
  await createFixedVhd(path(DISK), { ...around, size: SIZE, sparse: true });
  await written(DISK);
  const fixed = taken(DISK);
  await files.remove(path(DISK));
  await createDynamicVhd(path(DISK), form);
  await written(DISK);
  const dynamic = taken(DISK);
  await files.rename(path(DISK), path("parent.vhd"));
  await childOf("parent.vhd");
  await written(DISK);
  const child = taken(DISK, "parent.vhd");
  await files.rename(path(DISK), path("middle.vhd"));
  await childOf("middle.vhd");
  await written(DISK);
  return [fixed, dynamic, child, taken(DISK, "middle.vhd", "parent.vhd")];
}

/** The files with one to four changes, most of them to the disk's own file. */
export function damaged(whole: CaseFiles, chance: Chance): CaseFiles {
  const files: CaseFiles = new Map([...whole].map(([name, octets]) => [name, octets.slice()]));
  for (let changes = chance.between(1, 4); changes > 0; changes--) {
    const name = chance.in100(85) ? DISK : chance.one([...whole.keys()]);
    if (chance.onceIn(12)) files.set(JOURNAL, journal(files.get(DISK)!, chance));
    else files.set(name, chance.one(CHANGES)(files.get(name)!, chance));
  }
  return files;
}

type Change = (octets: Octets, chance: Chance) => Octets;

const CHANGES: readonly Change[] = [
  (octets, chance) => footer(octets, 0, chance),
  (octets, chance) => footer(octets, octets.length - SECTOR, chance),
  (octets, chance) => header(octets, chance),
  (octets, chance) => header(octets, chance),
  (octets, chance) => locator(octets, chance),
  (octets, chance) => table(octets, chance),
  (octets, chance) => table(octets, chance),
  (octets, chance) => bitmap(octets, chance),
  (octets, chance) => length(octets, chance),
  (octets, chance) => range(octets, chance),
];

/** A field of a structure becomes something that is seldom right. */
function field(view: DataView, at: number, width: number, chance: Chance): void {
  const { byteLength } = view;
  const sectors = Math.ceil(byteLength / SECTOR);
  const numbers = [0, 1, 2, 3, 4, SECTOR, 1536, 4096, BLOCK, byteLength, byteLength - SECTOR];
  const near = [chance.below(sectors) * SECTOR, chance.below(byteLength), chance.below(64)];
  const value = chance.one([...numbers, ...near, 2 ** 31, 2 ** 32 - 1, 2 ** 41, 2040 * 2 ** 30]);
  const octets = chance.onceIn(4)
    ? chance.octets(width)
    : chance.onceIn(6)
    ? new Uint8Array(width).fill(0xff)
    : bigEndian(value, width);
  for (let index = 0; index < width && at + index < byteLength; index++) {
    view.setUint8(at + index, octets[index]!);
  }
}

function bigEndian(value: number, width: number): Uint8Array {
  const octets = new Uint8Array(Math.max(width, 8));
  new DataView(octets.buffer).setBigUint64(octets.length - 8, BigInt(value));
  return octets.subarray(octets.length - width);
}

function footer(octets: Octets, at: number, chance: Chance): Octets {
  if (at < 0 || octets.length < SECTOR) return octets;
  const part = octets.subarray(at, at + SECTOR);
  const { at: place, length } = chance.one(Object.values(FooterLayout.fields));
  field(new DataView(octets.buffer), at + place, length, chance);
  if (chance.in100(75)) seal(part, FooterLayout.fields.checksum.at);
  // The copy as well, so that they agree.
  if (chance.onceIn(3)) {
    octets.copyWithin(at === 0 ? octets.length - SECTOR : 0, at, at + SECTOR);
  }
  return octets;
}

function header(octets: Octets, chance: Chance): Octets {
  if (octets.length < HEADER + 1024) return octets;
  const { at, length } = chance.one(Object.values(DynamicHeaderLayout.fields));
  field(new DataView(octets.buffer), HEADER + at, length, chance);
  // As its own parent, or its child's.
  if (chance.onceIn(8)) octets.set(octets.slice(68, 84), HEADER + 40);
  return sealed(octets, chance);
}

const PATHS = ["../disk.vhd", "/etc/shadow", "\\\\host\\share\\x.vhd", "disk.vhd", "", "a\0b", "."];

function locator(octets: Octets, chance: Chance): Octets {
  if (octets.length < 4096) return octets;
  const { at: first } = DynamicHeaderLayout.fields.parentLocatorEntries;
  const at = HEADER + first + chance.below(8) * ParentLocatorLayout.length;
  const view = new DataView(octets.buffer);
  const { at: place, length } = chance.one(Object.values(ParentLocatorLayout.fields));
  if (chance.onceIn(2)) field(view, at + place, length, chance);
  else {
    const path = chance.onceIn(3) ? chance.octets(20) : utf16(chance.one(PATHS));
    octets.set(path, HEADER + 1024 + chance.below(2) * SECTOR);
  }
  return sealed(octets, chance);
}

function utf16(text: string): Uint8Array {
  return new Uint8Array(new Uint16Array([...text].map((each) => each.charCodeAt(0))).buffer);
}

function table(octets: Octets, chance: Chance): Octets {
  const entries = entriesOf(octets);
  if (entries === undefined) return octets;
  const { view, at, count } = entries;
  const place = () => at + chance.below(count) * 4;
  const sectors = octets.length / SECTOR;
  const values = [0, 1, at / SECTOR, sectors, sectors - 1, 0xffff_fffe, 0xffff_ffff, 0x7fff_ffff];
  const other = view.getUint32(place());
  const value = chance.one([...values, other, other + 1, other - 1, chance.below(sectors + 100)]);
  view.setUint32(place(), value >>> 0);
  return octets;
}

function bitmap(octets: Octets, chance: Chance): Octets {
  const entries = entriesOf(octets);
  if (entries === undefined) return octets;
  const { view, at, count } = entries;
  const sector = view.getUint32(at + chance.below(count) * 4);
  if ((sector + 1) * SECTOR > octets.length) return octets;
  const length = chance.between(1, 16);
  octets.set(chance.onceIn(2) ? chance.octets(length) : new Uint8Array(length), sector * SECTOR);
  return octets;
}

/** Where the table is, if that is still to be found. */
function entriesOf(octets: Octets) {
  const view = new DataView(octets.buffer);
  if (octets.length < HEADER + 1024) return undefined;
  const at = Number(view.getBigUint64(HEADER + DynamicHeaderLayout.fields.tableOffset.at));
  const count = Math.min(view.getUint32(HEADER + 28), 64);
  return at + count * 4 <= octets.length && count > 0 ? { view, at, count } : undefined;
}

function length(octets: Octets, chance: Chance): Octets {
  const amount = chance.one([1, 100, SECTOR, SECTOR + 1, 4096, BLOCK, chance.below(octets.length)]);
  if (chance.onceIn(2)) return octets.slice(0, Math.max(octets.length - amount, 0));
  const longer = new Uint8Array(octets.length + amount);
  longer.set(octets);
  if (chance.onceIn(2)) longer.set(chance.octets(amount), octets.length);
  // A footer at the new end, as where something was added in the middle.
  else if (amount > SECTOR && octets.length > SECTOR) {
    longer.set(octets.subarray(octets.length - SECTOR), longer.length - SECTOR);
  }
  return longer;
}

function range(octets: Octets, chance: Chance): Octets {
  const at = chance.below(Math.max(octets.length - 1, 1));
  const start = chance.onceIn(2) ? at : Math.floor(at / SECTOR) * SECTOR;
  const stop = Math.min(start + chance.one([1, 8, SECTOR, 1024, 8192]), octets.length);
  if (chance.onceIn(2)) octets.fill(0, start, stop);
  else octets.set(chance.octets(stop - start), start);
  return octets;
}

/** A journal of the disk, with notes that may be anything. */
function journal(disk: Octets, chance: Chance): Octets {
  const half = 8;
  const octets = new Uint8Array(SECTOR + 2 * half * 32);
  const view = new JournalHeaderLayout(octets);
  view.cookie = "sanctlsj";
  view.version = 1;
  view.recordsOfHalf = half;
  view.bootId = Uint8Array.fromHex(BOOT_ID.replaceAll("-", ""));
  if (disk.length >= SECTOR) view.diskId = disk.slice(68, 84);
  view.salt = 5;
  view.floor = chance.one([0, 8192, disk.length, 2 ** 40]);
  view.checksum = crc32c(octets, 0, SECTOR - 4);
  const entries = entriesOf(disk);
  for (let at = SECTOR; at < octets.length; at += 32) {
    const record = new JournalRecordLayout(octets, at);
    record.salt = 5;
    record.block = chance.one([0, 3, 9, 10, 2 ** 32 - 1]);
    const known = entries?.view.getUint32(entries.at + chance.below(entries.count) * 4) ?? 0;
    record.sector = chance.one([known, 0, 40, disk.length / SECTOR, 2 ** 32 - 1]) >>> 0;
    record.firstUnit = chance.one([0, 1, 3, 4]);
    record.endUnit = chance.one([1, 2, 4, 5, 2 ** 32 - 1]);
    record.checksum = crc32c(octets, at, 28);
  }
  return chance.onceIn(3) ? range(octets, chance) : octets;
}

/** The start of the kernel that cases are opened in. */
export const BOOT_ID = "00000000-0000-4000-8000-00000000000f";

function sealed(octets: Octets, chance: Chance): Octets {
  if (chance.in100(80)) seal(octets.subarray(HEADER, HEADER + 1024), CHECKSUM_OF_HEADER);
  return octets;
}

const CHECKSUM_OF_HEADER = DynamicHeaderLayout.fields.checksum.at;

function seal(structure: Uint8Array, at: number): void {
  new DataView(structure.buffer, structure.byteOffset).setUint32(at, checksum(structure, at));
}
