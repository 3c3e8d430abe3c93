import type { Context } from "../context.ts";
import { keepOf } from "../keep_flags.ts";
import type { SnapshotPruneFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  { schedule, dryRun, yes, timeZone, ...flags }: SnapshotPruneFlags,
  disk: string,
): Promise<void> {
  const control = await this.control();
  const rules = { keep: keepOf(flags) ?? {}, timeZone, schedule };
  const { facts, notices } = await control.snapshots.prune(disk, { ...rules, dryRun: true });
  const names = facts.map(({ name }) => name);
  if (dryRun || names.length === 0) {
    this.output.changed(
      { facts, notices },
      () =>
        names.length === 0
          ? "nothing is to be deleted"
          : names.map((name) => `snapshot ${name} would be deleted`).join("\n"),
    );
    return;
  }
  await this.confirm(
    `disk ${disk} cannot be made what it was in ${names.join(", ")} any more`,
    yes,
  );
  const changed = await control.snapshots.prune(disk, rules);
  this.output.changed(
    changed,
    (gone) => gone.map(({ name }) => `snapshot ${name} deleted`).join("\n"),
  );
}
