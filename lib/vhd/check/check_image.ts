/**
 * Looks at an image file and all its parents, and says what is wrong; and puts right what can be
 * put right without a doubt. See ../README.md, "Checking".
 */
import type { PositionalFile } from "../../block/positional_file.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "../surroundings.ts";
import { type Finding, type Flaw, forbidsRepair } from "./finding.ts";
import { inspectChain, type InspectedParent } from "./inspect_chain.ts";
import { type CheckedFormat, type FileView, inspectFile } from "./inspect_file.ts";
import type { Watch } from "./watch.ts";

export interface CheckOptions extends Watch, GivenSurroundings {
  /** What the file is meant to be; told by its end, and else by its name, without. */
  readonly expected?: "vhd" | "raw" | undefined;
  /** Octets that a raw image is meant to have. */
  readonly expectedSize?: number | undefined;
  /** The file of the parent; looked for without. */
  readonly parent?: string | undefined;
  /** Its parents may have been written to: a merge is under way. */
  readonly force?: boolean | undefined;
}

export interface ImageReport {
  readonly path: string;
  readonly format: CheckedFormat;
  /** Octets of the disk; undefined where that cannot be told. */
  readonly size: number | undefined;
  /** The files of its parents that are there, the nearest one first. */
  readonly parents: readonly string[];
  /** What is wrong, as the file is now. */
  readonly findings: readonly Finding[];
  /** What was wrong, and has been put right. */
  readonly repaired: readonly Finding[];
}

/** Steps of a repair: there are fewer kinds of flaws that can be mended. */
const MOST_ROUNDS = 16;

/** Reads alone, under shared locks; fails with a FileError where somebody writes to the file. */
export async function checkImage(path: string, options: CheckOptions = {}): Promise<ImageReport> {
  const around = surroundings(options);
  const file = await around.files.open(path, { readOnly: true });
  try {
    return await report(file, [], options, around);
  } finally {
    file.close();
  }
}

/**
 * Mends the file, one step after the other, and checks it anew. The time when it was last written
 * to stays what it was, since its data does, and its children go by that.
 */
export async function repairImage(path: string, options: CheckOptions = {}): Promise<ImageReport> {
  const around = surroundings(options);
  // Opening it tries whether space can be given back, which counts as writing to it.
  const modified = await around.files.modifiedAt(path);
  const file = await around.files.open(path);
  try {
    await around.files.touch(path, modified);
    const repaired: Finding[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const next = await nextMends(file, repaired, options, around);
      if (next.length === 0) break;
      for (const { finding, mend } of next) {
        options.signal?.throwIfAborted();
        try {
          await mend!();
        } finally {
          await around.files.touch(path, modified);
          await around.files.syncAll(path);
        }
        repaired.push(finding);
      }
    }
    return await report(file, repaired, options, around);
  } finally {
    file.close();
  }
}

/** The flaws to mend next, all of one kind; none where there is none, or nothing may be done. */
async function nextMends(
  file: PositionalFile,
  repaired: readonly Finding[],
  options: CheckOptions,
  around: Surroundings,
): Promise<Flaw[]> {
  const next: Flaw[] = [];
  for await (const flaw of inspectFile(file, newView(), { ...options, around })) {
    if (forbidsRepair(flaw.finding)) return [];
    // Once is enough: what comes again cannot be mended here.
    const isNew = !repaired.some((it) => isSameFinding(it, flaw.finding));
    if (flaw.mend === undefined || !isNew) continue;
    if (next.length > 0 && next[0]!.finding.kind !== flaw.finding.kind) break;
    next.push(flaw);
  }
  return next;
}

function isSameFinding(one: Finding, other: Finding): boolean {
  return one.kind === other.kind && one.at === other.at && one.message === other.message;
}

async function report(
  file: PositionalFile,
  repaired: readonly Finding[],
  options: CheckOptions,
  around: Surroundings,
): Promise<ImageReport> {
  const view = newView();
  const findings: Finding[] = [];
  for await (const { finding } of inspectFile(file, view, { ...options, around })) {
    findings.push(finding);
  }
  const parents: string[] = [];
  if (view.layer !== undefined) {
    const inspect = (parent: PositionalFile) => inspectParent(parent, around);
    const found = (path: string) => void parents.push(path);
    const chain = { ...options, around, inspect, found };
    for await (const { finding } of inspectChain(view.layer, chain)) findings.push(finding);
  }
  const { format, size } = view;
  return { path: file.path, format, size, parents, findings, repaired };
}

async function inspectParent(
  file: PositionalFile,
  around: Surroundings,
): Promise<InspectedParent> {
  const view = newView();
  const flaws: Flaw[] = [];
  const options = { around, expected: "vhd", quick: true } as const;
  for await (const flaw of inspectFile(file, view, options)) flaws.push(flaw);
  const { footer, layer } = view;
  return { flaws, footer, layer };
}

function newView(): FileView {
  return { format: "unknown", size: undefined, footer: undefined, layer: undefined };
}
