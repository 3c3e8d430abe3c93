/** Reading blocks back in slices and comparing them with what they should be. */
import { SLICE_LENGTH, slices } from "../block/slices.ts";
import { firstDifference, miscompare } from "./comparison.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { Step, Task } from "./task.ts";

/** BYTCHK: what the blocks are compared with; the value between is reserved. */
export const ByteCheck = {
  /** Nothing: they are read. */
  NONE: 0,
  /** As much data as there are blocks. */
  BLOCKS: 1,
  /** One block, over and over. */
  ONE_BLOCK: 3,
} as const;

/** BYTCHK of the task's CDB. */
export function byteCheck(task: Task): number {
  return (task.cdb[1]! >>> 1) & 0x3;
}

export interface Verification {
  /** Octets to read, from the task's offset on. */
  readonly length: number;
  readonly read: (unit: LogicalUnit, offset: number, into: Uint8Array) => Promise<void>;
  /** What `length` octets, `at` octets into the range, should be; without it anything will do. */
  readonly expected?: ((at: number, length: number) => Uint8Array) | undefined;
}

/** Ends the task with GOOD or MISCOMPARE. */
export async function verify(task: Task, unit: LogicalUnit, how: Verification): Promise<Step> {
  const buffer = new Uint8Array(Math.min(how.length, SLICE_LENGTH));
  for await (const { offset, length } of slices(task, task.offset, how.length)) {
    const found = buffer.subarray(0, length);
    await how.read(unit, offset, found);
    if (how.expected === undefined) continue;
    const at = offset - task.offset;
    const difference = firstDifference(found, how.expected(at, length));
    if (difference >= 0) return task.fail(miscompare(at + difference));
  }
  return task.done();
}
