/** Small disks in files of memory, dynamic and differencing, for tests of all that is done to them. */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../../lib/block/device.ts";
import { newDynamicImage, type NewDynamicOptions } from "../../../lib/vhd/new_dynamic_image.ts";
import { openVhd, type OpenVhdOptions } from "../../../lib/vhd/open.ts";
import { timeStampOf } from "../../../lib/vhd/time_stamp.ts";
import { Chance } from "../../support/chance.ts";
import { SimFiles, type SimFilesOptions } from "../../support/sim_files.ts";
import { TestClock } from "../../support/test_clock.ts";

export const BLOCK = 16 << 10;
/** Ten blocks, and a part of one. */
export const SIZE = 10 * BLOCK + 6 * 512;
export const DISK = "/disks/disk.vhd";
export const PARENT = "/disks/parent.vhd";
const MODIFIED = timeStampOf(new Date("2026-01-01T00:00:00Z")); // as `SimFiles` tells

export const IDS = {
  disk: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  parent: Uint8Array.from({ length: 16 }, (_, index) => index + 101),
};

export type Kind = "dynamic" | "differencing";
export const KINDS: readonly Kind[] = ["dynamic", "differencing"];

/** The octets of a new disk's file. */
export function newImage(options: Partial<NewDynamicOptions> = {}): Uint8Array {
  const image = newDynamicImage({
    size: SIZE,
    blockLength: BLOCK,
    growTo: 2 * SIZE,
    uuid: IDS.disk,
    clock: new TestClock(),
    ...options,
  });
  assert.ok(typeof image !== "string", String(image));
  const octets = new Uint8Array(image.length);
  for (const { position, octets: piece } of image.pieces) octets.set(piece, position);
  return octets;
}

export function parentOf(size = SIZE) {
  return {
    size,
    parent: {
      uniqueId: IDS.parent,
      timeStamp: MODIFIED,
      name: "parent.vhd",
      relativePath: "parent.vhd",
      absolutePath: PARENT,
    },
  };
}

export interface Fixture {
  readonly files: SimFiles;
  readonly clock: TestClock;
  /** What the disk reads as at first. */
  readonly initially: Uint8Array;
  open(options?: OpenVhdOptions): Promise<BlockDevice>;
}

/** A disk that nothing was written to; a child's parent is full of octets, with a hole. */
export async function fixture(kind: Kind, options: SimFilesOptions = {}): Promise<Fixture> {
  const files = new SimFiles(options);
  const clock = new TestClock();
  const around = { files, clock, bootId: "00000000-0000-4000-8000-000000000001" };
  const random = new Chance(1);
  const open = async (more: OpenVhdOptions = {}) =>
    (await openVhd(DISK, { ...around, random, ...more })).device;
  const initially = new Uint8Array(SIZE);
  if (kind === "differencing") {
    initially.set(random.octets(SIZE).map((octet) => octet | 1));
    initially.fill(0, 2 * BLOCK, 4 * BLOCK);
    files.put(PARENT, newImage({ uuid: IDS.parent }));
    const { device } = await openVhd(PARENT, { ...around, random });
    await device.write(0, initially, 0, 2 * BLOCK);
    await device.write(4 * BLOCK, initially, 4 * BLOCK, SIZE - 4 * BLOCK);
    await device.close();
    files.put(DISK, newImage(parentOf()));
  } else files.put(DISK, newImage());
  files.operations.length = 0;
  return { files, clock, initially, open };
}
