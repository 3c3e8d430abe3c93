/** WRITE(6), (10), (12) and (16): blocks from the initiator. SBC-3. */
import { Access, type Command } from "../command.ts";
import { finishFlushed, isDurable } from "../flush.ts";
import { type BlockRange, range10, range12, range16, range6 } from "../lba.ts";

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  return {
    name,
    opcode,
    usage,
    access: Access.WRITE,
    writes: true,
    medium: true,
    // Where the initiator has less data than the CDB asks for, what came is written, and no more.
    execute(task, unit) {
      const refusal = range.lookToTransfer(task, unit);
      if (refusal !== undefined) return task.fail(refusal);
      if (range.length === 0) return task.done();
      const finish = isDurable(task, unit) ? finishFlushed : undefined;
      return task.writeMedium(range.offset, range.length, finish);
    },
  };
}

// WRPROTECT must be zero, as blocks have no protection information. DPO is a hint; FUA_NV is
// obsolete.
export const writes: readonly Command[] = [
  row("WRITE(6)", 0x0a, "0a 1f ff ff ff 00", range6),
  row("WRITE(10)", 0x2a, "2a 1a ff ff ff ff 1f ff ff 00", range10),
  row("WRITE(12)", 0xaa, "aa 1a ff ff ff ff ff ff ff ff 1f 00", range12),
  row("WRITE(16)", 0x8a, "8a 1a ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", range16),
];
