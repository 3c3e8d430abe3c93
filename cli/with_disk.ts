/** Gives a command the disk, or the partition of one, that it was called with. */
import type { BlockDevice } from "../lib/block/device.ts";
import { SliceDevice } from "../lib/block/slice.ts";
import { ControlError } from "../lib/config/control_error.ts";
import { parseDiskPlace } from "../lib/initiator_service/disk_place.ts";
import { openDisk } from "../lib/initiator_service/open_disk.ts";
import { findPartition } from "../lib/partition/change_table.ts";
import { contentsOf, lossOf, placeOf } from "../lib/partition/contents.ts";
import type { Partition, PartitionTable } from "../lib/partition/partition_table.ts";
import { readTable } from "../lib/partition/read_table.ts";
import type { Context } from "./context.ts";
import { deviceFailure } from "./device_failure.ts";

export interface GivenDisk {
  /** As the operator wrote it. */
  readonly place: string;
  /** The disk, or its partition where one was asked for. */
  readonly device: BlockDevice;
  /** Octets of a logical block; undefined: nobody tells. */
  readonly blockLength: number | undefined;
  /** The partition that was asked for, and its table. */
  readonly partition?: Partition;
  readonly table?: PartitionTable;
}

export interface WithDiskOptions {
  readonly readOnly: boolean;
  /** Octets of a logical block, where the operator says so. */
  readonly blockLength?: number | undefined;
}

export async function withDisk<T>(
  context: Context,
  text: string,
  options: WithDiskOptions,
  use: (disk: GivenDisk) => Promise<T>,
): Promise<T> {
  // A target that is away for a while has nothing else to keep this process alive.
  const awake = setInterval(() => undefined, 60_000);
  try {
    const place = parseDiskPlace(text);
    const control = () => context.initiator();
    const opened = await openDisk(place, { readOnly: options.readOnly, control });
    let result: T;
    try {
      const { device } = opened;
      if (!options.readOnly && !device.can.write) throw protectedDisk(text);
      const blockLength = options.blockLength ?? opened.blockLength;
      const whole = { place: text, device, blockLength };
      result = await use(
        place.partition === undefined ? whole : await part(whole, place.partition),
      );
    } catch (error) {
      await opened.close().catch(() => undefined);
      throw error;
    }
    await opened.close();
    return result;
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : await deviceFailure(text, error);
  } finally {
    clearInterval(awake);
  }
}

function protectedDisk(place: string): ControlError {
  return new ControlError(
    "failed",
    `${place} is read-only`,
    "see how it is assigned on its target's server: sanctl disk assign",
  );
}

async function part(disk: GivenDisk, number: number): Promise<GivenDisk> {
  const table = await readTable(disk.device, { blockLength: disk.blockLength });
  if (table === undefined) {
    throw new ControlError(
      "not-found",
      `${disk.place}: the disk has no partition table`,
      "leave the partition out, or make a table: sanctl initiator disk init",
    );
  }
  const partition = findPartition(table, number);
  const { start, size } = placeOf(table, partition);
  const device = new SliceDevice(disk.device, start, size);
  return { ...disk, device, table, partition, blockLength: table.blockLength };
}

/** Refuses to lose what is there, unless that was asked for. */
export async function requireMayLose(disk: GivenDisk, force: boolean | undefined): Promise<void> {
  if (force) return;
  const loss = lossOf(await contentsOf(disk.device, { blockLength: disk.blockLength }));
  if (loss === undefined) return;
  throw new ControlError(
    "in-use",
    `${disk.place} holds ${loss}`,
    "to lose all of it, add --force",
  );
}
