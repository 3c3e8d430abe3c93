/** What people are shown of a disk's contents. */
import type { DiskFacts, PartitionFacts } from "../lib/initiator_service/disk_facts.ts";
import { type Column, table } from "./output.ts";
import { formatSize } from "./size.ts";

const columns: readonly Column<PartitionFacts>[] = [
  { heading: "PARTITION", align: "right", value: ({ number }) => number },
  { heading: "START", align: "right", value: ({ start }) => formatSize(start) },
  { heading: "SIZE", align: "right", value: ({ size }) => formatSize(size) },
  { heading: "TYPE", value: ({ type }) => type },
  { heading: "FILE SYSTEM", value: ({ fileSystem }) => fileSystem ?? "" },
  { heading: "NAME", value: ({ name }) => name },
];

export function diskText(facts: DiskFacts): string {
  const { device, size, id, partitions, free } = facts;
  const left = free.reduce((sum, gap) => sum + gap.size, 0);
  const lines = [`${device}: ${formatSize(size)}, ${kindOf(facts)}`];
  if (id !== null) lines[0] += ` ${id}, ${formatSize(left)} free`;
  if (facts.flaw !== null) lines.push(`its table is not whole: ${facts.flaw}`);
  if (partitions.length > 0) lines.push(table(partitions, columns));
  return lines.join("\n");
}

function kindOf({ table, fileSystem }: DiskFacts): string {
  if (table !== null) return table.toUpperCase();
  if (fileSystem === "unfinished") return "a format or copy that was not finished";
  return fileSystem ?? "no partition table and no known file system";
}
