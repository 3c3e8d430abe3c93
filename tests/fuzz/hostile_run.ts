/** Runs hostile targets by the thousand, some at once, and tells what came of them. */
import assert from "node:assert/strict";
import { note } from "../support/note.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { HostileCase, type HostileStage, type PrepareGround } from "./hostile_case.ts";

export interface HostileRun {
  readonly stage: HostileStage;
  readonly cases: number;
  readonly prepare: PrepareGround;
  /** How they are called in what is told. */
  readonly where: string;
  readonly atOnce?: number;
}

/** What all of it may take; and what the second half may take that the first had not. */
const MOST_GROWTH = 768 << 20;
const MOST_LEAK = 192 << 20;
/** Fewer do not fill what is kept for reuse. */
const LEAST_FOR_LEAKS = 2000;

/** Fails with the seed of the first case in which something is wrong. */
export async function runHostileCases(run: HostileRun): Promise<void> {
  const { stage, cases, where, atOnce = 1 } = run;
  const firstSeed = chooseSeed();
  const count = { pdus: 0, good: 0, failed: 0 };
  const reasons = new Map<string, number>();
  const { rss: before } = Deno.memoryUsage();
  let half = before;
  const startMs = performance.now();
  let taken = 0;
  await withoutUnheard(async (unheard) => {
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (taken < cases) {
        if (taken === cases >> 1) half = Deno.memoryUsage().rss;
        const seed = (firstSeed + taken++) >>> 0;
        const { pdus, good, failed } = await judged(run, seed, reasons);
        count.pdus += pdus;
        count.good += good;
        count.failed += failed;
        assert.deepEqual(unheard, [], `nothing is left unheard, about SANCTL_TEST_SEED=${seed}`);
      }
    }));
  });
  const { rss } = Deno.memoryUsage();
  const seconds = (performance.now() - startMs) / 1000;
  const { pdus, good, failed } = count;
  note(
    `${pdus} PDUs of ${cases} hostile targets in ${stage} ${where}, ${Math.round(seconds)} s: ` +
      `${good} commands with the status that was given, ${failed} without one, ` +
      `${reasons.size} reasons, memory grew by ${(rss - before) >> 20} MiB, ` +
      `${(rss - half) >> 20} of them in the second half`,
  );
  tellReasons(reasons);
  assert.ok(rss - before < MOST_GROWTH, "memory does not pile up");
  assert.ok(cases < LEAST_FOR_LEAKS || rss - half < MOST_LEAK, "nothing is left behind");
  if (stage === "full feature phase") assert.ok(good > cases / 2, "many commands went well");
}

async function judged(
  { stage, prepare }: HostileRun,
  seed: number,
  reasons: Map<string, number>,
) {
  const judge = new HostileCase(stage, seed, prepare);
  try {
    return await judge.run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
  } finally {
    for (const reason of judge.reasons) {
      const kind = reason.replace(/^.*? at \S+?:\d+:? /, "").replaceAll(/\d+/g, "N").slice(0, 120);
      reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
    }
  }
}

/** `SANCTL_FUZZ_REASONS=1`: what initiators were told, for a person to read. */
function tellReasons(reasons: Map<string, number>): void {
  if (Deno.env.get("SANCTL_FUZZ_REASONS") === undefined) return;
  const lines = [...reasons].sort((a, b) => b[1] - a[1]);
  for (const [reason, times] of lines) console.log(`${times}`.padStart(8), reason);
}

/** Collects rejections that nobody handles, while `work` goes on. */
async function withoutUnheard(work: (unheard: unknown[]) => Promise<void>): Promise<void> {
  const unheard: unknown[] = [];
  const notice = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unheard.push(event.reason);
  };
  addEventListener("unhandledrejection", notice);
  try {
    await work(unheard);
  } finally {
    removeEventListener("unhandledrejection", notice);
  }
}
