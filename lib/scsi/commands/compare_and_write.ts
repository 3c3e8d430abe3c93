/**
 * COMPARE AND WRITE: blocks are written if they are what the initiator believes them to be. SBC-3
 * 5.2. No other command sees or changes the blocks in between, from whatever nexus it comes.
 */
import { BlockLimits } from "../block_limits.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { Access, type Command } from "../command.ts";
import { firstDifference, miscompare } from "../comparison.ts";
import { endWrite, isDurable } from "../flush.ts";
import { compareAndWriteRange as range } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { INVALID_FIELD_IN_CDB } from "../sense.ts";
import type { Step, Task } from "../task.ts";
import { exclusively, readHeld, writeHeld } from "../transfer.ts";

function execute(task: Task, unit: LogicalUnit): Step {
  const refusal = range.look(task, unit) ??
    range.exceeds(BlockLimits.compareAndWriteBlocks * unit.blockLength);
  if (refusal !== undefined) return task.fail(refusal);
  // The data is both instances, and nothing else: whoever has another number means another range. A
  // count of 256 wraps to zero in its octet, and must not pass for nothing to do.
  if (task.dataOutBufferSize > 2 * range.length) return task.fail(invalidFieldInCdb(13));
  if (range.length === 0) return task.done();
  task.offset = range.offset;
  return task.collect(2 * range.length, finish);
}

function finish(task: Task, unit: LogicalUnit): Step {
  const refusal = range.look(task, unit);
  if (refusal !== undefined) return task.fail(refusal);
  if (task.length < 2 * range.length) return task.fail(INVALID_FIELD_IN_CDB);
  return task.wait(compareAndWrite(task, unit, range.length));
}

async function compareAndWrite(task: Task, unit: LogicalUnit, length: number): Promise<Step> {
  const step = await exclusively(task, unit, length, async () => {
    const found = new Uint8Array(length);
    await readHeld(unit.device, task.offset, found);
    const difference = firstDifference(found, task.data.subarray(0, length));
    if (difference >= 0) return task.fail(miscompare(difference));
    if (!task.aborted) {
      await writeHeld(unit.device, task.offset, task.data.subarray(length, 2 * length));
    }
    return task.done();
  });
  return task.sense === undefined ? await endWrite(task, unit, isDurable(task, unit)) : step;
}

export const compareAndWrites: readonly Command[] = [{
  name: "COMPARE AND WRITE",
  opcode: 0x89,
  // WRPROTECT must be zero, as blocks have no protection information. DPO is a hint; FUA_NV is
  // obsolete.
  usage: "89 1a ff ff ff ff ff ff ff ff 00 00 00 ff 1f 00",
  access: Access.WRITE,
  writes: true,
  medium: true,
  execute,
}];
