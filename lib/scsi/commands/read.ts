/** READ(6), (10), (12) and (16): blocks to the initiator. SBC-3. */
import { Access, type Command } from "../command.ts";
import { flush } from "../flush.ts";
import { type BlockRange, forcesUnitAccess, range10, range12, range16, range6 } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  return {
    name,
    opcode,
    usage,
    access: Access.READ,
    medium: true,
    execute(task, unit) {
      const refusal = range.lookToTransfer(task, unit);
      if (refusal !== undefined) return task.fail(refusal);
      if (forcesUnitAccess(task)) {
        return task.wait(readFromMedium(task, unit, range.offset, range.length));
      }
      return task.readMedium(range.offset, range.length);
    },
  };
}

/**
 * FUA asks for what is on the medium; what a volatile cache has that is newer must get there first
 * (SBC-3). Without that an initiator could read, and build upon, what a power failure takes back.
 */
async function readFromMedium(
  task: Task,
  unit: LogicalUnit,
  offset: number,
  length: number,
): Promise<Step> {
  const failure = unit.device.can.write ? await flush(unit) : undefined;
  return failure === undefined ? task.readMedium(offset, length) : task.fail(failure);
}

// RDPROTECT must be zero, as blocks have no protection information. DPO and RARC are hints; FUA_NV
// is obsolete.
export const reads: readonly Command[] = [
  row("READ(6)", 0x08, "08 1f ff ff ff 00", range6),
  row("READ(10)", 0x28, "28 1e ff ff ff ff 1f ff ff 00", range10),
  row("READ(12)", 0xa8, "a8 1e ff ff ff ff ff ff ff ff 1f 00", range12),
  row("READ(16)", 0x88, "88 1e ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", range16),
];
