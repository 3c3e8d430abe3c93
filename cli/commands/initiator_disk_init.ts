import { ControlError } from "../../lib/config/control_error.ts";
import { diskFacts } from "../../lib/initiator_service/disk_facts.ts";
import { contentsOf } from "../../lib/partition/contents.ts";
import { initTable } from "../../lib/partition/init_table.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import type { Context } from "../context.ts";
import { diskText } from "../disk_text.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskInitFlags } from "../routes/initiator_disk.ts";
import { requireMayLose, withDisk } from "../with_disk.ts";

const USUAL_BLOCK_LENGTH = 512;

export default async function (
  this: Context,
  { mbr = false, gpt = false, force, logicalBlock }: DiskInitFlags,
  place: string,
): Promise<void> {
  if (mbr === gpt) {
    const next = "add one of them: --gpt, or --mbr for old systems";
    throw new ControlError("usage", "a disk gets either a GPT or an MBR", next);
  }
  const options = { readOnly: false, blockLength: blockLengthOf(logicalBlock) };
  const facts = await withDisk(this, place, options, async (disk) => {
    const { device, partition, blockLength = USUAL_BLOCK_LENGTH } = disk;
    if (partition !== undefined) {
      const next = "name the disk alone";
      throw new ControlError("usage", `${place} is a partition, and has no table`, next);
    }
    await requireMayLose(disk, force);
    const scheme = gpt ? "gpt" : "mbr";
    await initTable(device, { scheme, blockLength, random: systemRandom });
    return diskFacts(place, device, blockLength, await contentsOf(device, { blockLength }));
  });
  this.output.facts(facts, diskText);
}
