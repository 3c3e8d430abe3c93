/**
 * WRITE AND VERIFY(10), (12) and (16): blocks from the initiator, brought to the medium and read
 * back from it. SBC-3. Nobody else touches them in between, so that a difference is the medium's.
 */
import { slices } from "../../block/slices.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { Access, type Command } from "../command.ts";
import { flush } from "../flush.ts";
import { type BlockRange, range10, range12, range16 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";
import { exclusively, readHeld, writeHeld } from "../transfer.ts";
import { ByteCheck, byteCheck, verify } from "../verification.ts";

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  return {
    name,
    opcode,
    usage,
    access: Access.WRITE,
    writes: true,
    medium: true,
    execute(task, unit) {
      if (byteCheck(task) > ByteCheck.BLOCKS) return task.fail(invalidFieldInCdb(1, 2));
      const refusal = range.lookToTransfer(task, unit);
      if (refusal !== undefined) return task.fail(refusal);
      task.offset = range.offset;
      return range.length === 0 ? task.done() : task.collect(range.length, write);
    },
  };
}

/** Of less data than the CDB asks for, what came is written and verified, and no more. */
function write(task: Task, unit: LogicalUnit): Step {
  return task.wait(exclusively(task, unit, task.length, writeAndVerify));
}

async function writeAndVerify(task: Task, unit: LogicalUnit): Promise<Step> {
  const { data, length } = task;
  for await (const slice of slices(task, task.offset, length)) {
    const at = slice.offset - task.offset;
    await writeHeld(unit.device, slice.offset, data.subarray(at, at + slice.length));
  }
  if (task.aborted) return task.done();
  const failure = await flush(unit);
  if (failure !== undefined) return task.fail(failure);
  const compared = byteCheck(task) === ByteCheck.BLOCKS;
  return await verify(task, unit, {
    length,
    read: (unit, offset, into) => readHeld(unit.device, offset, into),
    expected: compared ? (at, run) => data.subarray(at, at + run) : undefined,
  });
}

// WRPROTECT must be zero, as blocks have no protection information. DPO is a hint.
export const writeAndVerifies: readonly Command[] = [
  row("WRITE AND VERIFY(10)", 0x2e, "2e 16 ff ff ff ff 1f ff ff 00", range10),
  row("WRITE AND VERIFY(12)", 0xae, "ae 16 ff ff ff ff ff ff ff ff 1f 00", range12),
  row(
    "WRITE AND VERIFY(16)",
    0x8e,
    "8e 16 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00",
    range16,
  ),
];
