/**
 * A small disk whose sectors say which write they come from, to run workloads on and to look at
 * after a crash.
 */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../../lib/block/device.ts";
import { newDynamicImage } from "../../../lib/vhd/new_dynamic_image.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { timeStampOf } from "../../../lib/vhd/time_stamp.ts";
import { Chance } from "../../support/chance.ts";
import { SimFiles, type SimState } from "../../support/sim_files.ts";
import { TestClock } from "../../support/test_clock.ts";
import type { CrashLedger, Stamp } from "./crash_ledger.ts";

export const SECTOR = 512;
/** Two units. */
export const BLOCK = 8192;
/** Five blocks, and one of three sectors. */
export const SIZE = 5 * BLOCK + 3 * SECTOR;
export const SECTORS = SIZE / SECTOR;
/** To the rest of the last block, and a part of another. */
export const GROWTH = 18;
export const MOST_SECTORS = SECTORS + 2 * GROWTH;
export const DISK = "/d.vhd";
export const PARENT = "/p.vhd";
const IDS = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)] as const;
/** What the parent's sectors hold, the first block but for its third sector. */
const PARENT_STAMP = 1000;

export type Kind = "dynamic" | "differencing";

export function boot(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export interface DiskOptions {
  readonly files: SimFiles;
  readonly clock: TestClock;
  readonly bootId: string;
}

/** The disk's table has something behind it, and must go elsewhere to grow. */
const SOMETHING = new TextEncoder().encode("tdbatmap");

export async function openDisk({ files, clock, bootId }: DiskOptions): Promise<BlockDevice> {
  const random = new Chance(7);
  const options = { files, clock, bootId, random, recordsOfHalf: 4, regionsOfChunk: 1 };
  return (await openVhd(DISK, options)).device;
}

/** The files of a new disk, and the stamps that it holds. */
export async function newDisk(
  kind: Kind,
  isCrowded = false,
): Promise<{ files: SimFiles; stamps: Stamp[] }> {
  const files = new SimFiles();
  const stamps = Array<Stamp>(MOST_SECTORS).fill(0);
  if (kind === "dynamic") {
    files.put(DISK, imageOctets(IDS[0], { isCrowded }));
    return { files, stamps };
  }
  files.put(PARENT, imageOctets(IDS[1], {}));
  const around = { files, clock: new TestClock(), bootId: boot(1), random: new Chance(3) };
  const { device } = await openVhd(PARENT, around);
  for (let sector = 0; sector < SECTORS; sector++) {
    if (sector === 2 || (sector >= 16 && sector < 32)) continue;
    stamps[sector] = PARENT_STAMP + sector;
    await device.write(sector * SECTOR, stamped(stamps[sector]!, 1), 0, SECTOR);
  }
  await device.close();
  files.put(DISK, imageOctets(IDS[0], { isChild: true, isCrowded }));
  return { files: SimFiles.of(files.snapshot()), stamps };
}

export function imageOctets(
  uuid: Uint8Array,
  { isChild = false, isCrowded = false }: { isChild?: boolean; isCrowded?: boolean },
): Uint8Array {
  const parent = {
    uniqueId: IDS[1],
    timeStamp: timeStampOf(new Date("2026-01-01T00:00:00Z")),
    name: "p.vhd",
    relativePath: "p.vhd",
    absolutePath: PARENT,
  };
  const image = newDynamicImage({
    size: SIZE,
    blockLength: BLOCK,
    growTo: SIZE,
    uuid,
    clock: new TestClock(),
    ...(isChild ? { parent } : {}),
  });
  assert.ok(typeof image !== "string", String(image));
  const octets = new Uint8Array(image.length);
  for (const { position, octets: piece } of image.pieces) octets.set(piece, position);
  const [table] = image.pieces.slice(-2);
  if (isCrowded) octets.set(SOMETHING, table!.position + SECTOR - SOMETHING.length);
  return octets;
}

/** Sectors that all hold the stamp: zeros for 0. */
export function stamped(stamp: Stamp, sectors: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(sectors * SECTOR / 4).fill(stamp);
  return new Uint8Array(words.buffer);
}

/** The stamp of each sector; a torn one is an error. */
export async function readStamps(device: BlockDevice): Promise<Stamp[]> {
  const { size } = device;
  const octets = new Uint8Array(size);
  if (!device.readNow(0, octets, 0, size)) await device.read(0, octets, 0, size);
  const words = new Uint32Array(octets.buffer);
  return Array.from({ length: size / SECTOR }, (_, sector) => {
    const part = words.subarray(sector * 128, sector * 128 + 128);
    assert.ok(part.every((word) => word === part[0]), `sector ${sector} is torn`);
    return part[0]!;
  });
}

/** The stamps, one for each sector that the disk has, in files that are in order once opened. */
export async function examine(state: SimState, bootId: string): Promise<readonly Stamp[]> {
  const files = SimFiles.of(state);
  const parent = files.paths().includes(PARENT) ? files.octets(PARENT) : undefined;
  const clock = new TestClock();
  const device = await openDisk({ files, clock, bootId });
  const stamps = await readStamps(device);
  await device.close();
  const once = files.octets(DISK);
  const again = await openDisk({ files, clock, bootId });
  assert.deepEqual(await readStamps(again), stamps, "opened again, the disk holds something else");
  await again.close();
  assert.deepEqual(files.octets(DISK), once, "opened again, the file has changed");
  assert.deepEqual(files.paths().filter((path) => path.endsWith(".sjl")), []);
  if (parent !== undefined) assert.deepEqual(files.octets(PARENT), parent);
  return stamps;
}

export function requireAllowed(
  stamps: readonly Stamp[],
  allowed: readonly Set<Stamp>[],
  sizes: ReadonlySet<number>,
): void {
  assert.ok(sizes.has(stamps.length), `${stamps.length} sectors, not ${[...sizes]}`);
  for (const [sector, stamp] of stamps.entries()) {
    if (allowed[sector]!.has(stamp)) continue;
    assert.fail(`sector ${sector} holds ${stamp}, and may hold ${[...allowed[sector]!]}`);
  }
}

/** What is done to a disk, one after the other. */
export type DiskOperation =
  | Change
  | { readonly do: "flush" | "grow" | "wait" | "reopen" | "kill" }
  /** What follows is done beside it, after so many turns. */
  | { readonly do: "flush beside" | "grow beside"; readonly turns: number };

interface Change {
  readonly do: "write" | "write later" | "unmap";
  /** Sectors; those that the disk does not have are left out. */
  readonly at: number;
  readonly count: number;
}

/**
 * Runs a workload; files and ledger keep what it did. Answers how many operations of files there
 * had been when the last one began.
 */
export async function runWorkload(
  workload: readonly DiskOperation[],
  options: DiskOptions & { readonly ledger: CrashLedger },
): Promise<number> {
  const run = new WorkloadRun(options, await openDisk(options));
  let begunAt = 0;
  for (const operation of workload) {
    begunAt = options.files.operations.length;
    await run.do(operation);
  }
  await run.end();
  return begunAt;
}

class WorkloadRun {
  readonly #options: DiskOptions;
  readonly #ledger: CrashLedger;
  readonly #now: () => number;
  #device: BlockDevice;
  #stamp = 0;
  /** What is done beside the rest. */
  #beside: Promise<void> = Promise.resolve();

  constructor(options: DiskOptions & { readonly ledger: CrashLedger }, device: BlockDevice) {
    this.#options = options;
    this.#ledger = options.ledger;
    this.#now = () => options.files.operations.length;
    this.#device = device;
  }

  async do(operation: DiskOperation): Promise<void> {
    const { files, clock } = this.#options;
    if ("at" in operation) return await this.#change(operation);
    if ("turns" in operation) {
      const work = operation.do === "grow beside" ? this.#grow() : this.#flush();
      this.#beside = Promise.all([this.#beside, work]).then(() => {});
      return await turns(operation.turns);
    }
    if (operation.do === "grow") {
      await this.#beside;
      return await this.#grow();
    }
    if (operation.do === "wait") {
      clock.advance(1000);
      return await turns();
    }
    if (operation.do === "flush") return await this.#flush();
    if (operation.do === "kill") {
      files.kill();
      // A second flush finds the disk fenced by the first, whose sync has failed.
      await this.#beside.catch(({ kind }) => assert.ok(["gone", "fenced"].includes(kind), kind));
      this.#beside = Promise.resolve();
    } else {
      await this.#beside;
      const ended = this.#ledger.beginFlush(this.#now);
      await this.#device.close();
      ended();
    }
    this.#device = await openDisk(this.#options);
  }

  async end(): Promise<void> {
    await this.#beside;
    await turns();
    await this.#device.close();
  }

  async #flush(): Promise<void> {
    const ended = this.#ledger.beginFlush(this.#now);
    await this.#device.flush();
    ended();
  }

  /** Twice at most. */
  async #grow(): Promise<void> {
    await this.#beside;
    const sectors = this.#device.size / SECTOR + GROWTH;
    if (sectors > MOST_SECTORS) return;
    const ended = this.#ledger.beginGrowth(sectors, this.#now);
    await this.#device.grow!(sectors * SECTOR);
    ended();
  }

  async #change({ do: what, at, count }: Change): Promise<void> {
    const end = Math.min(at + count, this.#device.size / SECTOR);
    if (end <= at) return;
    const stamp = ++this.#stamp;
    const octets = stamped(stamp, end - at);
    const offset = at * SECTOR, { length } = octets;
    const ended = this.#ledger.begin(at, end, what === "unmap" ? 0 : stamp, this.#now);
    if (what === "unmap") await this.#device.unmap(offset, length);
    else if (what === "write later" || !this.#device.writeNow(offset, octets, 0, length)) {
      await this.#device.write(offset, octets, 0, length);
    }
    ended();
    // What goes on by itself does so beside some of what follows, and before the rest.
    if (what !== "write") await turns();
  }
}

/** What goes on by itself comes to its end, or so much further. */
async function turns(count = 200): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}
