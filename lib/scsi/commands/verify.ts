/** VERIFY(10), (12) and (16): can the blocks be read, and are they what they should be. SBC-3. */
import { SLICE_LENGTH } from "../../block/slices.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { Access, type Command } from "../command.ts";
import { repeated } from "../comparison.ts";
import { type BlockRange, range10, range12, range16 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";
import { readShared as read } from "../transfer.ts";
import { ByteCheck, byteCheck, verify } from "../verification.ts";

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  // Without a comparison no data is moved, so that MAXIMUM TRANSFER LENGTH does not matter.
  function execute(task: Task, unit: LogicalUnit): Step {
    const check = byteCheck(task);
    const refusal = check === ByteCheck.BLOCKS
      ? range.lookToTransfer(task, unit)
      : range.look(task, unit);
    if (refusal !== undefined) return task.fail(refusal);
    const { length } = range;
    task.offset = range.offset;
    switch (check) {
      case ByteCheck.NONE:
        return length === 0 ? task.done() : task.wait(verify(task, unit, { length, read }));
      case ByteCheck.BLOCKS:
        return length === 0 ? task.done() : task.collect(length, compareBlocks);
      case ByteCheck.ONE_BLOCK:
        return length === 0 ? task.done() : task.collect(unit.blockLength, compareOneBlock);
      default:
        return task.fail(invalidFieldInCdb(1, 2));
    }
  }

  function compareOneBlock(task: Task, unit: LogicalUnit): Step {
    // Less than one block says nothing about the others.
    if (task.length < unit.blockLength) return task.fail(invalidFieldInCdb(1, 2));
    const refusal = range.look(task, unit);
    if (refusal !== undefined) return task.fail(refusal);
    const { length } = range;
    const blocks = repeated(task.data, Math.min(length, SLICE_LENGTH));
    // Slices begin at blocks.
    const expected = (_: number, run: number) => blocks.subarray(0, run);
    return task.wait(verify(task, unit, { length, read, expected }));
  }

  return { name, opcode, usage, access: Access.READ, medium: true, execute };
}

/** Of less data than the CDB asks for, all that came is compared. */
function compareBlocks(task: Task, unit: LogicalUnit): Step {
  const { data, length } = task;
  const expected = (at: number, run: number) => data.subarray(at, at + run);
  return task.wait(verify(task, unit, { length, read, expected }));
}

// VRPROTECT must be zero, as blocks have no protection information. DPO is a hint.
export const verifies: readonly Command[] = [
  row("VERIFY(10)", 0x2f, "2f 16 ff ff ff ff 1f ff ff 00", range10),
  row("VERIFY(12)", 0xaf, "af 16 ff ff ff ff ff ff ff ff 1f 00", range12),
  row("VERIFY(16)", 0x8f, "8f 16 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", range16),
];
