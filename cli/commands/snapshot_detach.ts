import type { Context } from "../context.ts";
import type { SnapshotDetachFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  { force, yes }: SnapshotDetachFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const { attached } = await control.snapshots.show(name);
  if (attached.length > 0) {
    const disks = attached.join(", ");
    await this.confirm(`what was written to clones among ${disks} is lost`, yes);
  }
  const changed = await control.snapshots.detach(name, force);
  this.output.changed(changed, (snapshot) => `snapshot ${snapshot.name} detached`);
}
