import { parseSize } from "../../lib/config/size.ts";
import type { Context } from "../context.ts";
import type { SnapshotLimitFlags } from "../routes/snapshot.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { space }: SnapshotLimitFlags,
  disk: string,
): Promise<void> {
  const control = await this.control();
  const limit = space === undefined ? undefined : space === "none" ? null : parseSize(space);
  const changed = await control.snapshots.limit(disk, limit);
  this.output.changed(changed, (facts) => {
    const limit = facts.limit === null ? "no limit" : `at most ${formatSize(facts.limit)}`;
    const taken = facts.space === null ? "" : `; they take ${formatSize(facts.space)}`;
    return `snapshots of disk ${facts.disk}: ${limit}${taken}`;
  });
}
