/** Initiators on one target of ours: libiscsi's benchmark, and ours as programs of ours use it. */
import { iscsiPerf, type Row, script } from "./rows.ts";
import type { Folios } from "./servers.ts";

export interface InitiatorRow {
  readonly name: string;
  /** The ratio that must be reached. */
  readonly atLeast?: number;
  readonly folios: Folios;
  readonly libiscsi: Row["load"];
  readonly ours: Row["load"];
}

const KIB = 1024;

function reading(name: string, size: number, depth: number, atLeast?: number): InitiatorRow {
  const args = ["--size", String(size), "--depth", String(depth)];
  return {
    name: `initiator: ${name} random read, depth ${depth}`,
    folios: size > 4 * KIB ? "large" : "small",
    libiscsi: iscsiPerf(size, depth, true),
    ours: script("initiator_load.ts", args),
    ...(atLeast === undefined ? {} : { atLeast }),
  };
}

export const INITIATOR_ROWS: readonly InitiatorRow[] = [
  reading("4 KiB", 4 * KIB, 1),
  reading("4 KiB", 4 * KIB, 32, 1.4),
  reading("64 KiB", 64 * KIB, 32, 1),
  reading("256 KiB", 256 * KIB, 8, 1),
];
