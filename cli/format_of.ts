import type { DiskFacts } from "../lib/config/facts.ts";

/** What a disk is kept in: `raw`, `vhd`, `vhd, dynamic`. */
export function formatOf({ format, type }: Pick<DiskFacts, "format" | "type">): string {
  return type === null || type === "fixed" ? format : `${format}, ${type}`;
}
