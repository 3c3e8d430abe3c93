import { ControlError } from "../../lib/config/control_error.ts";
import { diskFacts } from "../../lib/initiator_service/disk_facts.ts";
import { withoutPartitions, withPartitions } from "../../lib/partition/change_table.ts";
import { type Contents, contentsOf } from "../../lib/partition/contents.ts";
import { writeTable } from "../../lib/partition/write_table.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import type { Context } from "../context.ts";
import { diskText } from "../disk_text.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskPartitionFlags } from "../routes/initiator_disk.ts";
import { type GivenDisk, withDisk } from "../with_disk.ts";

export default async function (
  this: Context,
  flags: DiskPartitionFlags,
  place: string,
): Promise<void> {
  const { add = [], delete: deleted = [] } = flags;
  const readOnly = add.length + deleted.length === 0;
  const options = { readOnly, blockLength: blockLengthOf(flags.logicalBlock) };
  const facts = await withDisk(this, place, options, async (disk) => {
    const before = await contentsOf(disk.device, { blockLength: disk.blockLength });
    if (!readOnly) await change(disk, before, flags);
    const { device, blockLength } = disk;
    const after = readOnly ? before : await contentsOf(device, { blockLength });
    return diskFacts(place, device, blockLength, after);
  });
  this.output.facts(facts, diskText);
}

async function change(
  { device, place, partition }: GivenDisk,
  { table, fileSystem, inPartitions }: Contents,
  { add = [], delete: deleted = [], force }: DiskPartitionFlags,
): Promise<void> {
  if (table === undefined || partition !== undefined) {
    const what = fileSystem === undefined ? "" : `; it holds ${fileSystem}`;
    throw new ControlError(
      "failed",
      `${place} has no partition table${what}`,
      "give the disk one first: sanctl initiator disk init --gpt",
    );
  }
  const left = withoutPartitions(table, deleted);
  const loses = deleted.filter((number) => inPartitions.has(number));
  if (loses.length > 0 && !force) {
    const held = loses.map((number) => `partition ${number} holds ${inPartitions.get(number)}`);
    const next = "to lose that, add --force";
    throw new ControlError("in-use", `${place}: ${held.join(", ")}`, next);
  }
  await writeTable(device, withPartitions(left, add, systemRandom));
}
