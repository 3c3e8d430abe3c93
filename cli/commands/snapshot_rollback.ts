import type { Context } from "../context.ts";
import type { SnapshotRollbackFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  { discard, force, yes }: SnapshotRollbackFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const { disk, takenAt } = await control.snapshots.show(name);
  const fate = discard ? "lost" : "kept as a snapshot";
  await this.confirm(
    `disk ${disk} becomes what it was at ${takenAt}; what was written since is ${fate}`,
    yes,
  );
  const changed = await control.snapshots.rollBack(name, { discard, force });
  this.output.changed(changed, (facts) => `disk ${facts.name} is what snapshot ${name} holds`);
}
