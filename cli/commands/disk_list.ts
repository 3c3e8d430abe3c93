import type { DiskAttachmentFacts, DiskFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";
import { formatSize } from "../size.ts";

const COLUMNS: readonly Column<DiskFacts>[] = [
  { heading: "DISK", value: ({ name }) => name },
  { heading: "SIZE", align: "right", value: ({ size }) => formatSize(size) },
  { heading: "FORMAT", value: ({ format }) => format },
  { heading: "STATE", value: ({ state }) => state },
  {
    heading: "TARGET:LUN",
    value: ({ assignments }) => assignments.map((it) => `${it.target}:${it.lun}`).join(" ") || "-",
  },
  { heading: "ATTACHED", value: ({ attached }) => attached === null ? "-" : placeOf(attached) },
  { heading: "FILE", value: ({ path }) => path ?? "-" },
  { heading: "DESCRIPTION", value: ({ description }) => description },
];

function placeOf({ path, way }: DiskAttachmentFacts): string {
  return path ?? (way === null ? "later" : "by URL");
}

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  const none = "no disks yet; sanctl disk create FILE --size 20G makes one";
  this.output.list(await control.listDisks(), COLUMNS, none);
}
