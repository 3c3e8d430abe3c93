import type { Context } from "../context.ts";
import type { SnapshotCreateFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  { group, name, description }: SnapshotCreateFlags,
  ...disks: string[]
): Promise<void> {
  const control = await this.control();
  const changed = await control.snapshots.create({ disks, group, name, description });
  this.output.changed(
    changed,
    (taken) => taken.map((each) => `snapshot ${each.name} of disk ${each.disk} taken`).join("\n"),
  );
}
