import type { SnapshotFacts } from "../../lib/config/snapshot_control.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";
import { formatSize } from "../size.ts";

const COLUMNS: readonly Column<SnapshotFacts>[] = [
  { heading: "SNAPSHOT", value: ({ name }) => name },
  { heading: "DISK", value: ({ disk }) => disk },
  { heading: "TAKEN", value: ({ takenAt }) => takenAt },
  {
    heading: "SPACE",
    align: "right",
    value: ({ space }) => space === null ? "-" : formatSize(space),
  },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "ATTACHED", value: ({ attached }) => attached.join(" ") || "-" },
  { heading: "DESCRIPTION", value: ({ description }) => description },
];

export default async function (
  this: Context,
  _flags: Record<never, never>,
  disk?: string,
): Promise<void> {
  const control = await this.control();
  const none = "no snapshots; sanctl snapshot create DISK takes one";
  this.output.list(await control.snapshots.list(disk), COLUMNS, none);
}
