/**
 * A small reader of VHDs that shares nothing with the one it bears witness to: it is made from the
 * Virtual Hard Disk Image Format Specification, version 1.0, alone, slow and strict. Offsets are
 * those of the specification's tables.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";

const SECTOR = 512;
const TYPES: Readonly<Record<number, string>> = { 2: "fixed", 3: "dynamic", 4: "differencing" };
/** Seconds from 1970 to 2000. */
const YEAR_2000 = 946_684_800;

export class PlainVhd {
  readonly type: string;
  readonly size: number;
  /** A differencing disk's. */
  readonly parent: PlainVhd | undefined;
  readonly id: string;
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #fileLength: number;
  readonly #footer: DataView;
  /** Of dynamic and differencing disks: octets of a block, and the sector of each. */
  readonly #blockSize: number = 0;
  readonly #table: readonly number[] = [];

  /**
   * Opens and checks everything that the specification demands; throws at what is wrong. The
   * geometry is let be where `anyGeometry` says so: some programs compute it otherwise.
   */
  constructor(path: string, anyGeometry = false) {
    this.path = path;
    this.#file = Deno.openSync(path);
    this.#fileLength = this.#file.statSync().size;
    this.#footer = this.#structure(this.#fileLength - SECTOR, SECTOR, "conectix", 64);
    const footer = this.#footer;
    assert.equal(footer.getUint32(12), 0x0001_0000, "file format version");
    assert.equal(footer.getUint32(8) & 2, 2, "the reserved feature is always set");
    this.type = TYPES[footer.getUint32(60)]!;
    assert.ok(this.type !== undefined, "disk type");
    this.size = Number(footer.getBigUint64(48));
    assert.equal(this.size % SECTOR, 0, "whole sectors");
    this.id = hex(footer, 68, 16);
    if (!anyGeometry) this.#requireGeometry();
    if (this.type === "fixed") {
      assert.equal(footer.getBigUint64(16), 0xffff_ffff_ffff_ffffn, "data offset");
      assert.equal(this.#fileLength, this.size + SECTOR, "nothing but data and footer");
      return;
    }
    assert.deepEqual(this.#octets(0, SECTOR), octetsOf(footer), "the copy of the footer");
    const header = this.#structure(Number(footer.getBigUint64(16)), 1024, "cxsparse", 36);
    assert.equal(header.getBigUint64(8), 0xffff_ffff_ffff_ffffn, "data offset of the header");
    assert.equal(header.getUint32(24), 0x0001_0000, "header version");
    this.#blockSize = header.getUint32(32);
    this.#table = this.#readTable(header);
    if (this.type === "differencing") this.parent = this.#openParent(header, anyGeometry);
  }

  close(): void {
    this.parent?.close();
    this.#file.close();
  }

  /** Whole sectors of the disk. */
  read(offset: number, length: number): Uint8Array {
    if (this.type === "fixed") return this.#octets(offset, length);
    const into = new Uint8Array(length);
    for (let at = 0; at < length; at += SECTOR) this.#readSector(offset + at, into, at);
    return into;
  }

  /** What is used of the file for blocks, in their number. */
  get blocks(): number {
    return this.#table.filter((sector) => sector !== 0xffff_ffff).length;
  }

  /** The bit of the sector says whether it is here, else it is the parent's, or zeros. */
  #readSector(offset: number, into: Uint8Array, at: number): void {
    const block = Math.floor(offset / this.#blockSize);
    const within = (offset - block * this.#blockSize) / SECTOR;
    const sector = this.#table[block]!;
    if (sector !== 0xffff_ffff) {
      const bitmap = this.#octets(sector * SECTOR + Math.floor(within / 8), 1)[0]!;
      if ((bitmap >> (7 - within % 8) & 1) === 1) {
        const data = sector * SECTOR + this.#bitmapSize + within * SECTOR;
        into.set(this.#octets(data, SECTOR), at);
        return;
      }
    }
    if (this.parent === undefined || offset >= this.parent.size) return;
    into.set(this.parent.read(offset, SECTOR), at);
  }

  get #bitmapSize(): number {
    return Math.ceil(this.#blockSize / SECTOR / 8 / SECTOR) * SECTOR;
  }

  #readTable(header: DataView): number[] {
    const offset = Number(header.getBigUint64(16));
    const entries = header.getUint32(28);
    const blocks = Math.ceil(this.size / this.#blockSize);
    assert.ok(Number.isInteger(Math.log2(this.#blockSize)), "block size");
    assert.ok(entries >= blocks, "an entry for each block");
    const octets = this.#octets(offset, entries * 4);
    const view = new DataView(octets.buffer);
    const table = Array.from({ length: entries }, (_, block) => view.getUint32(block * 4));
    this.#requireOwnPlaces(table, offset + entries * 4);
    return table;
  }

  #requireOwnPlaces(table: readonly number[], behindTable: number): void {
    const places = table.filter((sector) => sector !== 0xffff_ffff).sort((a, b) => a - b);
    let end = behindTable;
    for (const sector of places) {
      assert.ok(sector * SECTOR >= end, `a block at ${sector * SECTOR} lies over what ends ${end}`);
      end = sector * SECTOR + this.#bitmapSize + this.#blockSize;
    }
    assert.ok(end <= this.#fileLength - SECTOR, "all blocks are before the footer");
  }

  #openParent(header: DataView, anyGeometry: boolean): PlainVhd {
    const wanted = hex(header, 40, 16);
    const tried: string[] = [];
    for (let at = 576; at < 576 + 8 * 24; at += 24) {
      if (header.getUint32(at) !== 0x5732_7275 /* W2ru */) continue;
      const [length, offset] = [header.getUint32(at + 8), Number(header.getBigUint64(at + 16))];
      assert.ok(length <= header.getUint32(at + 4), "a locator has the space for its data");
      const relative = new TextDecoder("utf-16le").decode(this.#octets(offset, length));
      const path = join(dirname(this.path), relative.replaceAll("\\", "/"));
      tried.push(path);
      const parent = new PlainVhd(path, anyGeometry);
      assert.equal(parent.id, wanted, "the parent's id");
      const modified = Deno.statSync(path).mtime!.getTime() / 1000;
      assert.equal(header.getUint32(56), Math.floor(modified) - YEAR_2000, "parent time stamp");
      return parent;
    }
    throw new Error(`${this.path}: no parent at ${tried.join(", ") || "any W2ru locator"}`);
  }

  /** Appendix: CHS calculation. */
  #requireGeometry(): void {
    let sectors = Math.min(this.size / SECTOR, 65535 * 16 * 255);
    let perTrack = 255, heads = 16, timesHeads = Math.floor(sectors / perTrack);
    if (sectors < 65535 * 16 * 63) {
      perTrack = 17;
      timesHeads = Math.floor(sectors / perTrack);
      heads = Math.max(Math.floor((timesHeads + 1023) / 1024), 4);
      if (timesHeads >= heads * 1024 || heads > 16) {
        [perTrack, heads] = [31, 16];
        timesHeads = Math.floor(sectors / perTrack);
      }
      if (timesHeads >= heads * 1024) {
        [perTrack, heads] = [63, 16];
        timesHeads = Math.floor(sectors / perTrack);
      }
    }
    sectors = Math.floor(timesHeads / heads);
    const { getUint16, getUint8 } = DataView.prototype;
    const found = [
      getUint16.call(this.#footer, 56),
      getUint8.call(this.#footer, 58),
      getUint8.call(this.#footer, 59),
    ];
    assert.deepEqual(found, [sectors, heads, perTrack], "geometry");
  }

  /** A structure that begins with a cookie and has a checksum. */
  #structure(offset: number, length: number, cookie: string, checksumAt: number): DataView {
    const octets = this.#octets(offset, length);
    assert.equal(new TextDecoder("latin1").decode(octets.subarray(0, 8)), cookie);
    const view = new DataView(octets.buffer);
    let sum = 0;
    for (let at = 0; at < length; at++) {
      if (at < checksumAt || at >= checksumAt + 4) sum += octets[at]!;
    }
    assert.equal(view.getUint32(checksumAt), ~sum >>> 0, `checksum of ${cookie} at ${offset}`);
    return view;
  }

  #octets(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const octets = new Uint8Array(length);
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const count = this.#file.readSync(octets.subarray(done));
      assert.ok(count !== null, `${this.path} ends before ${offset + length}`);
      done += count;
    }
    return octets;
  }
}

function octetsOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

function hex(view: DataView, at: number, length: number): string {
  return octetsOf(view).subarray(at, at + length).toHex();
}
