/** WRITE SAME(10) and (16): one block to many places, or none where it is all zeros. SBC-3. */
import { BlockLimits, hasWsnz } from "../block_limits.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { Access, type Command } from "../command.ts";
import { isZero, repeated } from "../comparison.ts";
import { endWrite } from "../flush.ts";
import { type BlockRange, range10, range16 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { INVALID_FIELD_IN_CDB, type Sense } from "../sense.ts";
import { SLICE_LENGTH, slices, UNMAP_SLICE_LENGTH } from "../slices.ts";
import type { Step, Task } from "../task.ts";
import { unmapShared, writeShared } from "../transfer.ts";

const UNMAP = 0x08;
/** No Data-Out Buffer: the block is all zeros, and not sent. In the 16-octet form alone. */
const NDOB = 0x01;

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  function execute(task: Task, unit: LogicalUnit): Step {
    const flags = task.cdb[1]!;
    if ((flags & UNMAP) !== 0 && !unit.thin) return task.fail(invalidFieldInCdb(1, 3));
    const refusal = look(range, task, unit) ?? range.exceeds(BlockLimits.writeSameLength);
    if (refusal !== undefined) return task.fail(refusal);
    task.offset = range.offset;
    if ((flags & NDOB) === 0) {
      // The data is one block: more of it may have been meant for the others, and would be lost.
      if (task.dataOutBufferSize > unit.blockLength) return task.fail(INVALID_FIELD_IN_CDB);
      return task.collect(unit.blockLength, finish);
    }
    return task.wait(writeSame(task, unit, range.length, new Uint8Array(unit.blockLength)));
  }

  function finish(task: Task, unit: LogicalUnit): Step {
    // Less than a block is no pattern: nothing is written.
    if (task.length < unit.blockLength) return task.fail(INVALID_FIELD_IN_CDB);
    const refusal = look(range, task, unit);
    if (refusal !== undefined) return task.fail(refusal);
    return task.wait(writeSame(task, unit, range.length, task.data.subarray(0, unit.blockLength)));
  }

  return { name, opcode, usage, access: Access.WRITE, writes: true, medium: true, execute };
}

/** A count of zero reaches to the last block, or is refused where WSNZ says so. */
function look(range: BlockRange, task: Task, unit: LogicalUnit): Sense | undefined {
  if (!hasWsnz(unit)) return range.lookToEnd(task, unit);
  return range.look(task, unit) ?? range.isNothing();
}

async function writeSame(
  task: Task,
  unit: LogicalUnit,
  length: number,
  block: Uint8Array,
): Promise<Step> {
  // UNMAP allows to unmap where the blocks then read as the pattern: LBPRZ is one, so zeros. Any
  // other pattern is written, or else the initiator would not read it back.
  if ((task.cdb[1]! & UNMAP) !== 0 && isZero(block)) {
    for await (const slice of slices(task, task.offset, length, UNMAP_SLICE_LENGTH)) {
      await unmapShared(task, unit, slice.offset, slice.length);
    }
  } else if (length > 0) {
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
