/** What is measured: a load, and the initiator that makes it. */
import { type Folios, run } from "./servers.ts";

export interface Row {
  readonly name: string;
  /** The ratio that must be reached; rows without one are for information. */
  readonly atLeast?: number;
  /** How the page cache holds the images: as transfers of this size leave it. */
  readonly folios: Folios;
  /** Loads the LUN for about `seconds` and answers how many operations went through. */
  load(url: string, seconds: number): Promise<Outcome>;
}

export interface Outcome {
  readonly operations: number;
  readonly perSecond: number;
}

const KIB = 1024;
const MIB = 1 << 20;

/** Reads with libiscsi's own benchmark. */
export function iscsiPerf(size: number, depth: number, random: boolean): Row["load"] {
  return async (url, seconds) => {
    const args = ["-b", String(size / 512), "-m", String(depth), "-t", String(seconds)];
    const text = await run("iscsi-perf", [...args, ...(random ? ["-r"] : []), url]);
    const perSecond = Number([...text.matchAll(/iops average (\d+)/g)].at(-1)?.[1]);
    if (!(perSecond > 0)) throw new Error(`iscsi-perf says no figure: ${text}`);
    return { operations: perSecond * seconds, perSecond };
  };
}

/**
 * Writes with QEMU's block layer, over libiscsi or by NBD: as many as take about the time that is
 * asked for.
 */
export function qemuWrite(
  size: number,
  depth: number,
  options: readonly string[] = [],
): Row["load"] {
  return qemuBench(size, depth, ["-w", ...options]);
}

/** Reads, where no `-w` is among the options. */
export function qemuBench(size: number, depth: number, options: readonly string[]): Row["load"] {
  async function transfer(url: string, count: number): Promise<number> {
    const args = [
      "bench",
      "-f",
      "raw",
      "-t",
      "none",
      "-c",
      String(count),
      "-d",
      String(depth),
    ];
    const text = await run("qemu-img", [...args, "-s", String(size), ...options, url]);
    return Number(/Run completed in ([\d.]+) seconds/.exec(text)![1]);
  }
  return async (url, seconds) => {
    const trial = size >= MIB ? 64 : 512;
    const count = Math.max(trial, Math.round(trial / await transfer(url, trial) * seconds));
    const elapsed = await transfer(url, count);
    return { operations: count + trial, perSecond: count / elapsed };
  };
}

/** A script of ours that loads the LUN and prints the outcome as JSON. */
export function script(name: string, args: readonly string[]): Row["load"] {
  const path = new URL(name, import.meta.url).pathname;
  return async (url, seconds) => {
    const all = ["run", "-A", "--no-check", path, url, ...args, "--seconds", String(seconds)];
    const text = await run(Deno.execPath(), all);
    return JSON.parse(text.slice(text.indexOf("{")));
  };
}

/** Our own load generator: it does data digests with any target. */
function generator(args: readonly string[]): Row["load"] {
  return script("load_generator.ts", args);
}

/** A step that is prime to the image spreads a write over it, much as random offsets do. */
export const SPREAD_4K = ["-S", String(4 * KIB * 7919)];
export const SPREAD_64K = ["-S", String(64 * KIB * 797)];

export const ROWS: readonly Row[] = [
  {
    name: "4 KiB random read, depth 1",
    folios: "small",
    atLeast: 1.2,
    load: iscsiPerf(4 * KIB, 1, true),
  },
  {
    name: "4 KiB random read, depth 32",
    folios: "small",
    atLeast: 3.5,
    load: iscsiPerf(4 * KIB, 32, true),
  },
  {
    name: "64 KiB random read, depth 32",
    folios: "large",
    atLeast: 2,
    load: iscsiPerf(64 * KIB, 32, true),
  },
  {
    name: "1 MiB sequential read, depth 8",
    folios: "large",
    atLeast: 1.5,
    load: iscsiPerf(MIB, 8, false),
  },
  {
    name: "4 KiB sequential write, depth 1",
    folios: "small",
    atLeast: 1.2,
    load: qemuWrite(4 * KIB, 1),
  },
  {
    name: "4 KiB sequential write, depth 32",
    folios: "small",
    atLeast: 2,
    load: qemuWrite(4 * KIB, 32),
  },
  {
    name: "4 KiB spread write, depth 1",
    folios: "small",
    atLeast: 1.2,
    load: qemuWrite(4 * KIB, 1, SPREAD_4K),
  },
  {
    name: "4 KiB spread write, depth 32",
    folios: "small",
    atLeast: 2,
    load: qemuWrite(4 * KIB, 32, SPREAD_4K),
  },
  {
    name: "64 KiB spread write, depth 32",
    folios: "large",
    atLeast: 3,
    load: qemuWrite(64 * KIB, 32, SPREAD_64K),
  },
  {
    name: "1 MiB sequential write, depth 8",
    folios: "large",
    atLeast: 1.5,
    load: qemuWrite(MIB, 8),
  },
  {
    name: "4 KiB write, depth 32, a flush every 32",
    folios: "small",
    load: qemuWrite(4 * KIB, 32, ["--flush-interval=32"]),
  },
  {
    name: "4 KiB random read, depth 32, other initiator",
    folios: "small",
    load: generator(["--size", "4096", "--depth", "32"]),
  },
  {
    name: "4 KiB random write, depth 32, other initiator",
    folios: "small",
    load: generator(["--op", "write", "--size", "4096", "--depth", "32"]),
  },
  {
    name: "4 KiB random read, depth 32, both digests",
    folios: "small",
    atLeast: 2,
    load: generator(["--size", "4096", "--depth", "32", "--digests"]),
  },
  {
    name: "64 KiB random read, depth 32, both digests",
    folios: "large",
    atLeast: 2,
    load: generator(["--size", "65536", "--depth", "32", "--digests"]),
  },
  {
    name: "4 KiB random write, depth 32, both digests",
    folios: "small",
    atLeast: 2,
    load: generator(["--op", "write", "--size", "4096", "--depth", "32", "--digests"]),
  },
  {
    name: "64 KiB random write, depth 32, both digests",
    folios: "large",
    atLeast: 2,
    load: generator(["--op", "write", "--size", "65536", "--depth", "32", "--digests"]),
  },
];
