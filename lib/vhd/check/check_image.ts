/**
 * Looks at an image file and all its parents, and says what is wrong; and puts right what can be
 * put right without a doubt. See ../README.md, "Checking".
 */
import type { PositionalFile } from "../../block/positional_file.ts";
import { type GivenSurroundings, type Surroundings, surroundings } from "../surroundings.ts";
import { type Finding, type Flaw, forbidsRepair } from "./finding.ts";
import { inspectFile } from "./inspect_file.ts";
import { type ImageReport, newView, reportOn, type ReportOptions } from "./report_on.ts";

export type { ImageReport } from "./report_on.ts";

export interface CheckOptions extends ReportOptions, GivenSurroundings {}

/** Steps of a repair: there are fewer kinds of flaws that can be mended. */
const MOST_ROUNDS = 16;

/** Reads alone, under shared locks; fails with a FileError where somebody writes to the file. */
export async function checkImage(path: string, options: CheckOptions = {}): Promise<ImageReport> {
  const around = surroundings(options);
  const file = await around.files.open(path, { readOnly: true });
  try {
    return await reportOn(file, [], options, around);
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
    return await reportOn(file, repaired, options, around);
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
