import { diskFacts } from "../../lib/initiator_service/disk_facts.ts";
import { contentsOf } from "../../lib/partition/contents.ts";
import type { Context } from "../context.ts";
import { diskText } from "../disk_text.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskBlockFlags } from "../routes/initiator_disk.ts";
import { withDisk } from "../with_disk.ts";

export default async function (
  this: Context,
  { logicalBlock }: DiskBlockFlags,
  place: string,
): Promise<void> {
  const options = { readOnly: true, blockLength: blockLengthOf(logicalBlock) };
  const facts = await withDisk(this, place, options, async ({ device, blockLength }) => {
    const contents = await contentsOf(device, { blockLength });
    return diskFacts(place, device, blockLength, contents);
  });
  this.output.facts(facts, diskText);
}
