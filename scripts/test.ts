/**
 * `deno task test [GROUP]…`: sets up what the tests need, runs the groups named (all of them where
 * none is), and ends with one line that sums them up. With CI=true a skipped test fails the run.
 */
import { installPeers } from "./install_peers.ts";
import { GROUP_NAMES, type GroupName } from "./peers.ts";
import { STATIC_CHECKS } from "./static_checks.ts";
import { type GroupResult, runGroup, type TestGroup } from "./test_group.ts";
import { type Counts, NOTHING } from "./test_report.ts";
import { summary } from "./test_summary.ts";

const MINUTE_MS = 60_000;

/** For fetching the packages, and for making the executable. */
const SET_UP_MS = 10 * MINUTE_MS;

/** For everything together; CI allows 90 minutes. */
const TOTAL_MS = 80 * MINUTE_MS;

const TEST_GROUPS: readonly TestGroup[] = [
  { name: "unit", folder: "tests/unit", parallel: true, timeoutMs: 10 * MINUTE_MS },
  { name: "sim", folder: "tests/sim", parallel: true, timeoutMs: 15 * MINUTE_MS },
  { name: "interop", folder: "tests/interop", parallel: false, timeoutMs: 30 * MINUTE_MS },
  { name: "e2e", folder: "tests/e2e", parallel: false, timeoutMs: 20 * MINUTE_MS },
  { name: "fuzz", folder: "tests/fuzz", parallel: true, timeoutMs: 15 * MINUTE_MS },
];

/** Groups that run the executable. */
const NEED_EXECUTABLE: readonly GroupName[] = ["interop", "e2e"];

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => !(GROUP_NAMES as readonly string[]).includes(arg));
  if (unknown.length > 0) {
    console.error(`no group of tests is named ${unknown.join(", ")}: ${GROUP_NAMES.join(", ")}`);
    return 2;
  }
  const chosen = GROUP_NAMES.filter((name) => args.length === 0 || args.includes(name));
  const startMs = performance.now();
  const results: GroupResult[] = [await dependencies()];
  await installPeers(chosen);
  if (chosen.some((name) => NEED_EXECUTABLE.includes(name))) results.push(await executable());
  for (const name of chosen) {
    const leftMs = startMs + TOTAL_MS - performance.now();
    results.push(await timed(name, () => runNamed(name, leftMs)));
  }
  const { lines, exitCode } = summary(results, Deno.env.get("CI") === "true");
  console.log(lines.join("\n"));
  return exitCode;
}

/** Runs a step, and says in one line how it went. */
async function timed(name: string, run: () => Promise<GroupResult>): Promise<GroupResult> {
  console.log(`== ${name}`);
  const startMs = performance.now();
  const result = await run();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`== ${name}: ${describe(result.counts)} in ${seconds} s`);
  return result;
}

function describe({ passed, failed, skipped }: Counts): string {
  return `${passed} ok, ${failed} not, ${skipped} left out`;
}

function runNamed(name: GroupName, leftMs: number): Promise<GroupResult> {
  if (name === "static") return staticChecks();
  const group = TEST_GROUPS.find((it) => it.name === name)!;
  if (!hasTests(group.folder)) return Promise.resolve(outcome(NOTHING));
  if (leftMs <= 0) {
    const failures = `${name}: not run, the time for all tests was used up before it`;
    return Promise.resolve(outcome({ ...NOTHING, failed: 1 }, failures));
  }
  return runGroup(group, leftMs);
}

function hasTests(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some((entry) =>
      entry.isDirectory ? hasTests(`${folder}/${entry.name}`) : entry.name.endsWith("_test.ts")
    );
  } catch {
    return false;
  }
}

function outcome(counts: Counts, failures = ""): GroupResult {
  return { counts, skips: [], failures };
}

async function staticChecks(): Promise<GroupResult> {
  let passed = 0, failed = 0;
  const failures: string[] = [];
  for (const check of STATIC_CHECKS) {
    const verdict = await check.run();
    console.log(`  ${check.name} ... ${verdict.passed ? "ok" : "FAILED"}`);
    if (verdict.passed) passed++;
    else failed++;
    if (!verdict.passed) failures.push(`${check.name}\n${verdict.details}`);
  }
  return outcome({ ...NOTHING, passed, failed }, failures.join("\n\n"));
}

/** Brings the npm packages that deno.lock pins; counted only when it fails. */
function dependencies(): Promise<GroupResult> {
  return setUp("dependencies", ["install", "--frozen", "--quiet"]);
}

function executable(): Promise<GroupResult> {
  return timed("compile", () => setUp("compile", ["run", "-A", "--quiet", "scripts/compile.ts"]));
}

async function setUp(name: string, args: readonly string[]): Promise<GroupResult> {
  const signal = AbortSignal.timeout(SET_UP_MS);
  const command = new Deno.Command(Deno.execPath(), { args: [...args], stdin: "null", signal });
  const { success, stdout, stderr } = await command.output();
  if (success) return outcome(NOTHING);
  const decoder = new TextDecoder();
  const how = signal.aborted ? `not done after ${SET_UP_MS / MINUTE_MS} minutes` : "failed";
  const failures = `${name}: ${how}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`;
  return outcome({ ...NOTHING, failed: 1 }, failures.trim());
}

Deno.exit(await main(Deno.args));
