/**
 * PRE-FETCH(10) and (16): blocks that the initiator is going to read. SBC-3. They are read and
 * dropped, so that whatever cache lies below us has them. The status is GOOD, never CONDITION MET:
 * that would promise room for them all, in a cache that is not ours.
 */
import { DeviceError } from "../../block/device.ts";
import { SLICE_LENGTH, slices } from "../../block/slices.ts";
import { Access, type Command } from "../command.ts";
import { type BlockRange, range10, range16 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";
import { readShared } from "../transfer.ts";

const IMMED = 0x02;

/** Octets that one command fetches at most. */
const MOST_OCTETS = 16 << 20;

/** Units that fetch for a command which has ended: one such at a time for each. */
const fetching = new WeakSet<LogicalUnit>();

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  return {
    name,
    opcode,
    usage,
    access: Access.READ,
    medium: true,
    execute(task, unit) {
      const refusal = range.lookToEnd(task, unit);
      if (refusal !== undefined) return task.fail(refusal);
      // Of very many the first are fetched; the rest would only drive them out again.
      const length = Math.min(range.length, MOST_OCTETS);
      if ((task.cdb[1]! & IMMED) === 0) {
        return task.wait(preFetch(task, unit, range.offset, length));
      }
      preFetchLater(unit, range.offset, length);
      return task.done();
    },
  };
}

async function preFetch(
  task: Task,
  unit: LogicalUnit,
  offset: number,
  length: number,
): Promise<Step> {
  await fetch(task, unit, offset, length);
  return task.done();
}

async function preFetchLater(unit: LogicalUnit, offset: number, length: number): Promise<void> {
  if (fetching.has(unit)) return;
  fetching.add(unit);
  try {
    await fetch({ aborted: false }, unit, offset, length);
  } catch (error) {
    // Whoever reads the blocks will be told.
    if (!(error instanceof DeviceError)) throw error;
  } finally {
    fetching.delete(unit);
  }
}

async function fetch(
  task: { readonly aborted: boolean },
  unit: LogicalUnit,
  offset: number,
  length: number,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(length, SLICE_LENGTH));
  for await (const slice of slices(task, offset, length)) {
    await readShared(unit, slice.offset, buffer.subarray(0, slice.length));
  }
}

export const preFetches: readonly Command[] = [
  row("PRE-FETCH(10)", 0x34, "34 02 ff ff ff ff 1f ff ff 00", range10),
  row("PRE-FETCH(16)", 0x90, "90 02 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", range16),
];
