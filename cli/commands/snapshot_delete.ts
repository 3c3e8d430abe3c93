import type { Context } from "../context.ts";
import type { SnapshotDeleteFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  { wait, yes }: SnapshotDeleteFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const { disk, takenAt } = await control.snapshots.show(name);
  await this.confirm(`disk ${disk} cannot be made what it was at ${takenAt} any more`, yes);
  const bar = this.progress(`merging ${name}`);
  try {
    const changed = await control.snapshots.delete(name, { wait }, {
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
    bar.end();
    this.output.changed(changed, ({ name }) => `snapshot ${name} deleted`);
  } finally {
    bar.end();
  }
}
