/**
 * Reading and writing for commands that do it themselves, in place of the transport. What is called
 * shared keeps away from ranges that somebody holds exclusively (see `RangeLocks`); what is called
 * held is for the holder.
 */
import type { BlockDevice } from "../block/device.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { Step, Task } from "./task.ts";

/** Fills `into` from a range that the caller holds. */
export async function readHeld(
  device: BlockDevice,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  const { length } = into;
  if (!device.readNow(offset, into, 0, length)) await device.read(offset, into, 0, length);
}

/** Writes `from` to a range that the caller holds. */
export async function writeHeld(
  device: BlockDevice,
  offset: number,
  from: Uint8Array,
): Promise<void> {
  const { length } = from;
  if (!device.writeNow(offset, from, 0, length)) await device.write(offset, from, 0, length);
}

/** Fills `into` beside other transfers. */
export async function readShared(
  unit: LogicalUnit,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  if (unit.locks.idle && unit.device.readNow(offset, into, 0, into.length)) return;
  const release = await unit.locks.shared(offset, into.length);
  try {
    await readHeld(unit.device, offset, into);
  } finally {
    release();
  }
}

/**
 * Writes `from` beside other transfers, unless the task is aborted while it waits for the range.
 */
export async function writeShared(
  task: Task,
  unit: LogicalUnit,
  offset: number,
  from: Uint8Array,
): Promise<void> {
  if (unit.locks.idle && unit.device.writeNow(offset, from, 0, from.length)) return;
  const release = await unit.locks.shared(offset, from.length);
  try {
    if (!task.aborted) await writeHeld(unit.device, offset, from);
  } finally {
    release();
  }
}

/** Unmaps beside other transfers, unless the task is aborted while it waits for the range. */
export async function unmapShared(
  task: Task,
  unit: LogicalUnit,
  offset: number,
  length: number,
): Promise<void> {
  const release = await unit.locks.shared(offset, length);
  try {
    if (!task.aborted) await unit.device.unmap(offset, length);
  } finally {
    release();
  }
}

/**
 * Does `work` while nobody else touches `length` octets at the task's offset; aborted before, not
 * at all.
 */
export async function exclusively(
  task: Task,
  unit: LogicalUnit,
  length: number,
  work: (task: Task, unit: LogicalUnit) => Promise<Step>,
): Promise<Step> {
  const release = await unit.locks.exclusive(task.offset, length);
  try {
    return task.aborted ? task.done() : await work(task, unit);
  } finally {
    release();
  }
}
