/** WRITE SAME(10) and (16): one block to many places, or none where it is all zeros. SBC-3. */
import { SLICE_LENGTH, slices, UNMAP_SLICE_LENGTH } from "../../block/slices.ts";
import { BlockLimits } from "../block_limits.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { Access, type Command } from "../command.ts";
import { isZero } from "../../block/zeros.ts";
import { repeated } from "../comparison.ts";
import { endWrite } from "../flush.ts";
import { type BlockRange, range10, range16 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { INVALID_FIELD_IN_CDB } from "../sense.ts";
import type { Step, Task } from "../task.ts";
import { unmapShared, writeShared } from "../transfer.ts";

const UNMAP = 0x08;
/** No Data-Out Buffer: the block is all zeros, and not sent. In the 16-octet form alone. */
const NDOB = 0x01;

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  // WSNZ is zero: a count of zero reaches to the last block.
  function execute(task: Task, unit: LogicalUnit): Step {
    const flags = task.cdb[1]!;
    if ((flags & UNMAP) !== 0 && !unit.thin) return task.fail(invalidFieldInCdb(1, 3));
    const refusal = range.lookToEnd(task, unit) ?? range.exceeds(BlockLimits.writeSameLength);
    if (refusal !== undefined) return task.fail(refusal);
    task.offset = range.offset;
    if ((flags & NDOB) === 0) {
      // The data is one block: more of it may have been meant for the others, and would be lost.
      if (task.dataOutBufferSize > unit.blockLength) return task.fail(INVALID_FIELD_IN_CDB);
      return task.collect(unit.blockLength, finish);
    }
    return place(task, unit, new Uint8Array(unit.blockLength));
  }

  function finish(task: Task, unit: LogicalUnit): Step {
    // Less than a block is no pattern: nothing is written.
    if (task.length < unit.blockLength) return task.fail(INVALID_FIELD_IN_CDB);
    const refusal = range.lookToEnd(task, unit);
    if (refusal !== undefined) return task.fail(refusal);
    return place(task, unit, task.data.subarray(0, unit.blockLength));
  }

  function place(task: Task, unit: LogicalUnit, block: Uint8Array): Step {
    const { length } = range;
    return task.wait(
      unmaps(task, range, block) ? clear(task, unit, length) : fill(task, unit, length, block),
    );
  }

  return { name, opcode, usage, access: Access.WRITE, writes: true, medium: true, execute };
}

/**
 * UNMAP allows to unmap where the blocks then read as the pattern: LBPRZ is one, so zeros. Any
 * other pattern is written, or else the initiator would not read it back. With a count of zero,
 * though, initiators know the command as a way to give back all that is left, and send a block of
 * anything: other targets unmap then, and libiscsi's conformance suite wants zeros.
 */
function unmaps(task: Task, range: BlockRange, block: Uint8Array): boolean {
  return (task.cdb[1]! & UNMAP) !== 0 && (range.isToEnd || isZero(block));
}

async function clear(task: Task, unit: LogicalUnit, length: number): Promise<Step> {
  for await (const slice of slices(task, task.offset, length, UNMAP_SLICE_LENGTH)) {
    await unmapShared(task, unit, slice.offset, slice.length);
  }
  return await endWrite(task, unit, !unit.mode.writeCacheEnabled);
}

async function fill(
  task: Task,
  unit: LogicalUnit,
  length: number,
  block: Uint8Array,
): Promise<Step> {
  if (length > 0) {
    // Slices begin at blocks, so each is a piece of the same run.
    const blocks = repeated(block, Math.min(length, SLICE_LENGTH));
    for await (const slice of slices(task, task.offset, length)) {
      await writeShared(task, unit, slice.offset, blocks.subarray(0, slice.length));
    }
  }
  return await endWrite(task, unit, !unit.mode.writeCacheEnabled);
}

// WRPROTECT must be zero, as blocks have no protection information; ANCHOR too, as none can be
// anchored.
export const writeSames: readonly Command[] = [
  row("WRITE SAME(10)", 0x41, "41 08 ff ff ff ff 1f ff ff 00", range10),
  row("WRITE SAME(16)", 0x93, "93 09 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", range16),
];
