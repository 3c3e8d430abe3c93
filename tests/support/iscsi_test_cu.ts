/**
 * libiscsi's conformance suite, iscsi-test-cu, and how to read it: it counts a test that it leaves
 * out among those that passed, and only a mark in its output tells them apart.
 */
import { runPeer } from "./peer.ts";

export type Verdict = "passed" | "failed" | "skipped";

export interface SuiteResult {
  /** By the test's name within its suite. */
  readonly tests: ReadonlyMap<string, Verdict>;
  /** Why the run as a whole is no proof; undefined where it went to its end. */
  readonly trouble: string | undefined;
  readonly output: string;
}

export interface SuiteRun {
  /** `Suite`, or `Suite.Test` for one alone. */
  readonly name: string;
  /** One LUN by one path, or by two. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
}

/** The suites with their tests, in the tool's order. */
export async function listSuites(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await runPeer("iscsi-test-cu", ["--list"]);
  const suites = new Map<string, string[]>();
  for (const line of stdout.split("\n")) {
    const [family, suite, test] = line.split(".");
    if (family !== "ALL" || suite === undefined) continue;
    if (test === undefined) suites.set(suite, []);
    else suites.get(suite)!.push(test);
  }
  return suites;
}

/** Runs one suite in a process of its own: some of its tests leave their mark on what follows. */
export async function runSuite({ name, urls, timeoutMs }: SuiteRun): Promise<SuiteResult> {
  const args = ["--dataloss", "--allow-sanitize", "--verbose", `--test=ALL.${name}`, ...urls];
  const { exitCode, stdout, stderr, isTimedOut } = await runPeer("iscsi-test-cu", args, timeoutMs);
  const output = stdout + stderr;
  const tests = verdictsOf(stdout);
  if (isTimedOut) return { tests, trouble: `did not end in ${timeoutMs / 1000} s`, output };
  if (exitCode > 128) return { tests, trouble: `crashed with signal ${exitCode - 128}`, output };
  return { tests, trouble: disagreement(stdout, tests), output };
}

const TEST = /^ {2}Test: (\S+) \.\.\./m;

/** What became of each test. One without a verdict did not come to its end, and has failed. */
export function verdictsOf(output: string): ReadonlyMap<string, Verdict> {
  const [report] = output.split(/^Run Summary:/m);
  const [, ...pieces] = report!.split(TEST);
  const verdicts = new Map<string, Verdict>();
  for (let at = 0; at < pieces.length; at += 2) {
    verdicts.set(pieces[at]!, verdictOf(pieces[at + 1]!));
  }
  return verdicts;
}

function verdictOf(piece: string): Verdict {
  // What a test says is indented; its verdict begins a line, or follows its name at once.
  const [, word] = /^(passed|FAILED)/m.exec(piece) ?? [];
  if (word !== "passed") return "failed";
  return piece.includes("[SKIPPED]") ? "skipped" : "passed";
}

/** The tool's own sum must be that of the verdicts found. */
function disagreement(
  output: string,
  verdicts: ReadonlyMap<string, Verdict>,
): string | undefined {
  const [, total, ran, , failed] = /^ +tests +(\d+) +(\d+) +(\d+) +(\d+)/m.exec(output) ?? [];
  const failures = [...verdicts.values()].filter((verdict) => verdict === "failed").length;
  if (total === undefined) return "ended without a summary";
  if (Number(ran) !== verdicts.size || total !== ran) return `ran ${ran} tests of ${total}`;
  return Number(failed) === failures ? undefined : `counts ${failed} failures, not ${failures}`;
}
