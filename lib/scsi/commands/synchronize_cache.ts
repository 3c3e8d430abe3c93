/** SYNCHRONIZE CACHE(10) and (16): what was written goes to the medium. SBC-3. */
import { Access, type Command } from "../command.ts";
import { endFlushed, flush } from "../flush.ts";
import { type BlockRange, range10, range16 } from "../lba.ts";

const IMMED = 0x02;

function row(name: string, opcode: number, usage: string, range: BlockRange): Command {
  return {
    name,
    opcode,
    usage,
    access: Access.WRITE,
    medium: true,
    // The whole device is flushed, whatever part is asked for: more than the standard wants.
    execute(task, unit) {
      const refusal = range.look(task, unit);
      if (refusal !== undefined) return task.fail(refusal);
      if ((task.cdb[1]! & IMMED) === 0) return task.wait(endFlushed(task, unit));
      // Status first; a failure fences the unit, so the next write tells of it.
      flush(unit);
      return task.done();
    },
  };
}

// SYNC_NV is obsolete.
export const synchronizeCaches: readonly Command[] = [
  row("SYNCHRONIZE CACHE(10)", 0x35, "35 06 ff ff ff ff 1f ff ff 00", range10),
  row(
    "SYNCHRONIZE CACHE(16)",
    0x91,
    "91 06 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00",
    range16,
  ),
];
