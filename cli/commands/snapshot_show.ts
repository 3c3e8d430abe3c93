import type { SnapshotFacts } from "../../lib/config/snapshot_control.ts";
import type { Context } from "../context.ts";
import { sheet } from "../output.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  name: string,
): Promise<void> {
  const control = await this.control();
  this.output.facts(await control.snapshots.show(name), snapshotText);
}

function snapshotText(snapshot: SnapshotFacts): string {
  const { space } = snapshot;
  return sheet([
    ["name", snapshot.name],
    ["description", snapshot.description],
    ["disk", snapshot.disk],
    ["taken", snapshot.takenAt],
    ["size", `${formatSize(snapshot.size)} (${snapshot.size} octets)`],
    ["space", space === null ? "unknown" : `${formatSize(space)} written since (${space} octets)`],
    ["state", snapshot.state],
    ["file", snapshot.path],
    ["uuid", snapshot.uuid],
    ["attached", snapshot.attached.length === 0 ? "no" : snapshot.attached.join(", ")],
  ]);
}
