/** ORWRITE(16): sets bits in blocks, leaving the others as they are. SBC-3. */
import { SLICE_LENGTH, slices } from "../../block/slices.ts";
import { Access, type Command } from "../command.ts";
import { endWrite, isDurable } from "../flush.ts";
import { range16 as range } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";
import { exclusively, readHeld, writeHeld } from "../transfer.ts";

function execute(task: Task, unit: LogicalUnit): Step {
  const refusal = range.lookToTransfer(task, unit);
  if (refusal !== undefined) return task.fail(refusal);
  task.offset = range.offset;
  return range.length === 0 ? task.done() : task.collect(range.length, finish);
}

/** Of less data than the CDB asks for, what came is merged into the blocks, and no more. */
function finish(task: Task, unit: LogicalUnit): Step {
  return task.wait(merge(task, unit));
}

async function merge(task: Task, unit: LogicalUnit): Promise<Step> {
  await exclusively(task, unit, task.length, orAll);
  return await endWrite(task, unit, isDurable(task, unit));
}

async function orAll(task: Task, unit: LogicalUnit): Promise<Step> {
  const buffer = new Uint8Array(Math.min(task.length, SLICE_LENGTH));
  for await (const { offset, length } of slices(task, task.offset, task.length)) {
    const merged = buffer.subarray(0, length);
    await readHeld(unit.device, offset, merged);
    if (task.aborted) break;
    const at = offset - task.offset;
    for (let i = 0; i < length; i++) merged[i]! |= task.data[at + i]!;
    await writeHeld(unit.device, offset, merged);
  }
  return task.done();
}

export const orwrites: readonly Command[] = [{
  name: "ORWRITE(16)",
  opcode: 0x8b,
  // ORPROTECT must be zero, as blocks have no protection information. DPO is a hint; FUA_NV is
  // obsolete.
  usage: "8b 1a ff ff ff ff ff ff ff ff ff ff ff ff 1f 00",
  access: Access.WRITE,
  writes: true,
  medium: true,
  execute,
}];
