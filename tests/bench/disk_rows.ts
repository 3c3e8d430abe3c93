/** What disks cost that are not one flat file, at their devices: nothing of a network hides it. */
import type { BlockDevice } from "../../lib/block/device.ts";
import { localDiskFiles } from "../../lib/config/local_disk_files.ts";
import { Service } from "../../lib/config/service.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import { DEFAULT_LIMITS } from "../../lib/target/limits.ts";
import { TargetNode } from "../../lib/target/node.ts";
import { createDifferencingVhd, createDynamicVhd, createFixedVhd } from "../../lib/vhd/create.ts";
import { openVhd } from "../../lib/vhd/open.ts";
import { SeededRandom } from "../support/seeded_random.ts";

export interface DiskFigures {
  /** Of a flat disk. */
  readonly flat: number;
  readonly ours: number;
}

export interface DiskRow {
  readonly name: string;
  readonly unit: string;
  readonly goal: string;
  readonly isMet: (figures: DiskFigures) => boolean;
  measure(directory: string, plan: DiskPlan): Promise<DiskFigures>;
}

export interface DiskPlan {
  readonly runs: number;
  readonly seconds: number;
}

const MIB = 1 << 20;
const SIZE = 64 * MIB;
const PIECE = 64 << 10;
const PIECES = SIZE / PIECE;
const SNAPSHOTS = 49;

export const DISK_ROWS: readonly DiskRow[] = [
  {
    name: "64 KiB random write into blocks that are there: dynamic against fixed",
    unit: "/s",
    goal: "≥ 0.8× as many",
    isMet: ({ flat, ours }) => ours >= 0.8 * flat,
    async measure(directory, plan) {
      const flat = await fixedDisk(`${directory}/flat.vhd`);
      await createDynamicVhd(`${directory}/dynamic.vhd`, { size: SIZE });
      const { device } = await openVhd(`${directory}/dynamic.vhd`);
      await fill(device);
      return await compare(flat, device, "write", plan);
    },
  },
  {
    name: `64 KiB random read through a chain of ${SNAPSHOTS + 1}: against a fixed disk`,
    unit: "/s",
    goal: "≤ 1.3× the cost",
    isMet: ({ flat, ours }) => flat <= 1.3 * ours,
    async measure(directory, plan) {
      const flat = await fixedDisk(`${directory}/flat.vhd`);
      return await compare(flat, await chain(directory), "read", plan);
    },
  },
  {
    name: "the longest that a write waits while snapshots are taken: without any, and with 10",
    unit: "ms",
    goal: "< 100 ms",
    isMet: ({ ours }) => ours < 100,
    measure: (directory, { seconds }) => stall(directory, seconds),
  },
];

async function fixedDisk(path: string): Promise<BlockDevice> {
  await createFixedVhd(path, { size: SIZE });
  const { device } = await openVhd(path);
  await fill(device);
  return device;
}

/** In pieces like those to come: the page cache holds all of them alike. */
async function fill(device: BlockDevice): Promise<void> {
  const octets = new Uint8Array(PIECE).fill(0x5a);
  for (let at = 0; at < SIZE; at += PIECE) await device.write(at, octets, 0, PIECE);
  await device.flush();
}

/** A file for each snapshot, with a share of the disk that was written between two of them. */
async function chain(directory: string): Promise<BlockDevice> {
  const random = new SeededRandom(1);
  const octets = new Uint8Array(PIECE).fill(0x77);
  let path = `${directory}/chain.0.vhd`;
  await createDynamicVhd(path, { size: SIZE });
  for (let layer = 0;; layer++) {
    const { device } = await openVhd(path);
    if (layer === 0) await fill(device);
    for (let count = 0; count < PIECES / 16; count++) {
      await device.write(random.below(PIECES) * PIECE, octets, 0, PIECE);
    }
    if (layer === SNAPSHOTS) return device;
    await device.close();
    const parent = path;
    path = `${directory}/chain.${layer + 1}.vhd`;
    await createDifferencingVhd(path, { parent });
  }
}

/** Operations a second of both, the best of the runs, which take turns; closes them. */
async function compare(
  flat: BlockDevice,
  ours: BlockDevice,
  what: "read" | "write",
  { runs, seconds }: DiskPlan,
): Promise<DiskFigures> {
  const best = new Map([[flat, 0], [ours, 0]]);
  // Both are as they will be: where a block is looked up, it is.
  for (const device of best.keys()) await load(device, what, seconds / 4);
  // Short turns, so that what else the machine does falls on both.
  for (let turn = 0; turn < runs * 10; turn++) {
    for (const device of turn % 2 === 0 ? [flat, ours] : [ours, flat]) {
      const perSecond = await load(device, what, seconds / 10);
      best.set(device, Math.max(best.get(device)!, perSecond));
    }
  }
  await Promise.all([flat.close(), ours.close()]);
  return { flat: best.get(flat)!, ours: best.get(ours)! };
}

async function load(
  device: BlockDevice,
  what: "read" | "write",
  seconds: number,
): Promise<number> {
  const random = new SeededRandom(7);
  const octets = new Uint8Array(PIECE).fill(0x33);
  const startMs = performance.now(), endMs = startMs + seconds * 1000;
  let count = 0;
  while (performance.now() < endMs) {
    const offset = random.below(PIECES) * PIECE;
    if (what === "read") {
      if (!device.readNow(offset, octets, 0, PIECE)) await device.read(offset, octets, 0, PIECE);
    } else if (!device.writeNow(offset, octets, 0, PIECE)) {
      await device.write(offset, octets, 0, PIECE);
    }
    count++;
  }
  return count * 1000 / (performance.now() - startMs);
}

const SNAPSHOTS_UNDER_LOAD = 10;

async function stall(directory: string, seconds: number): Promise<DiskFigures> {
  const limits = DEFAULT_LIMITS;
  const around = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const node = new TargetNode({ limits, ...around });
  const state = `${directory}/stall-state`;
  const service = await Service.start({ directory: state, node, files: localDiskFiles });
  try {
    const { control } = service;
    const path = `${directory}/stall.vhd`;
    await control.createDisk({ path, name: "d", size: SIZE, type: "dynamic" });
    await control.createTarget({ name: "t", allow: ["any"] });
    await control.assignDisk("d", "t");
    const [target] = [...node.targets.values()];
    const { device } = [...target!.luns.entries()][0]![1].unit;
    await fill(device);
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const flat = await longestWait(device, () => sleep(seconds * 1000));
    const ours = await longestWait(device, async () => {
      for (let count = 0; count < SNAPSHOTS_UNDER_LOAD; count++) {
        await sleep(seconds * 1000 / SNAPSHOTS_UNDER_LOAD);
        await control.snapshots.create({ disks: ["d"] });
      }
    });
    return { flat, ours };
  } finally {
    await service.stop();
  }
}

/** Writes of 64 KiB, four at a time, until `work` is done; the longest of them, in milliseconds. */
async function longestWait(device: BlockDevice, work: () => Promise<unknown>): Promise<number> {
  const random = new SeededRandom(3);
  let longestMs = 0, isDone = false;
  const writers = Array.from({ length: 4 }, async () => {
    const octets = new Uint8Array(PIECE).fill(0x44);
    while (!isDone) {
      const offset = random.below(PIECES) * PIECE;
      const startMs = performance.now();
      if (!device.writeNow(offset, octets, 0, PIECE)) await device.write(offset, octets, 0, PIECE);
      longestMs = Math.max(longestMs, performance.now() - startMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await work();
  isDone = true;
  await Promise.all(writers);
  return longestMs;
}
