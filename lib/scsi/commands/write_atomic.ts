/**
 * WRITE ATOMIC(16): blocks that are written in one piece, while nobody else touches them, and of
 * which an aborted command has written all or none. SBC-4. What a power failure leaves of a write
 * that is under way is up to the medium below.
 */
import { BlockLimits } from "../block_limits.ts";
import { Access, type Command } from "../command.ts";
import { endWrite, isDurable } from "../flush.ts";
import { writeAtomicRange as range } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { INVALID_FIELD_IN_CDB } from "../sense.ts";
import type { Step, Task } from "../task.ts";
import { exclusively, writeHeld } from "../transfer.ts";

function execute(task: Task, unit: LogicalUnit): Step {
  const refusal = range.look(task, unit) ?? range.exceeds(BlockLimits.atomicTransferLength);
  if (refusal !== undefined) return task.fail(refusal);
  task.offset = range.offset;
  return range.length === 0 ? task.done() : task.collect(range.length, finish);
}

function finish(task: Task, unit: LogicalUnit): Step {
  const refusal = range.look(task, unit);
  if (refusal !== undefined) return task.fail(refusal);
  // All or nothing: less data than the CDB asks for is nothing.
  if (task.length < range.length) return task.fail(INVALID_FIELD_IN_CDB);
  return task.wait(writeAtomic(task, unit));
}

async function writeAtomic(task: Task, unit: LogicalUnit): Promise<Step> {
  await exclusively(task, unit, task.length, writeAll);
  return await endWrite(task, unit, isDurable(task, unit));
}

async function writeAll(task: Task, unit: LogicalUnit): Promise<Step> {
  await writeHeld(unit.device, task.offset, task.data.subarray(0, task.length));
  return task.done();
}

export const writeAtomics: readonly Command[] = [{
  name: "WRITE ATOMIC(16)",
  opcode: 0x9c,
  // WRPROTECT must be zero, as blocks have no protection information; ATOMIC BOUNDARY too, as a
  // write can only be atomic as a whole. DPO is a hint.
  usage: "9c 18 ff ff ff ff ff ff ff ff 00 00 ff ff 1f 00",
  access: Access.WRITE,
  writes: true,
  medium: true,
  execute,
}];
