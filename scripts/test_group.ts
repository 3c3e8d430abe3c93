/** Runs one group of tests in a `deno test` of its own, shows progress, and counts what it did. */
import type { GroupName } from "./peers.ts";
import { brokenFiles, type Counts, countsOf } from "./test_report.ts";

export interface TestGroup {
  readonly name: GroupName;
  readonly folder: string;
  /** Its files share nothing, neither ports nor programs nor the machine's whole attention. */
  readonly parallel: boolean;
  readonly timeoutMs: number;
}

export interface GroupResult {
  readonly counts: Counts;
  /** Why tests were skipped, each reason once. */
  readonly skips: readonly string[];
  /** All that a person needs about failures; empty when there are none. */
  readonly failures: string;
}

/** How long `deno test` may take to report after SIGINT before it is killed. */
const REPORT_GRACE_MS = 10_000;

/** Runs the files of `group`; past `deadlineMs` of it the run is ended and what hung is named. */
export async function runGroup(group: TestGroup, deadlineMs: number): Promise<GroupResult> {
  const scratch = await Deno.makeTempDir({ prefix: "sanctl-test-" });
  try {
    return await runIn(scratch, group, Math.min(group.timeoutMs, deadlineMs));
  } finally {
    await remove(scratch);
  }
}

/** What cannot be removed, such as a mount that an ended test left, is no failure of the group. */
async function remove(scratch: string): Promise<void> {
  try {
    await Deno.remove(scratch, { recursive: true });
  } catch (error) {
    console.log(`  ${scratch} stays: ${error instanceof Error ? error.message : error}`);
  }
}

async function runIn(scratch: string, group: TestGroup, timeoutMs: number): Promise<GroupResult> {
  const junit = `${scratch}/junit.xml`;
  const skips = `${scratch}/skips`;
  const notes = `${scratch}/notes`;
  const temporary = `${scratch}/t`; // short, since the paths of sockets are
  await Deno.mkdir(temporary);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--quiet", "--no-check", `--junit-path=${junit}`],
      ...(group.parallel ? ["--parallel"] : []),
      group.folder,
    ],
    env: {
      NO_COLOR: "1",
      SANCTL_TEST_SKIPS: skips,
      SANCTL_TEST_NOTES: notes,
      SANCTL_CACHE_DIR: `${scratch}/cache`,
      // What a test that is ended leaves behind goes with all the rest.
      TMPDIR: temporary,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timers = endAfter(child, timeoutMs);
  const [stdout, stderr, { code }] = await Promise.all([
    relay(child.stdout, (line) => progress(group, line)),
    relay(child.stderr, (line) => console.log(line)),
    child.status,
  ]);
  timers.cancel();
  for (const line of linesOf(textOf(notes))) console.log(`  ${line}`);
  const reported = countsOf(textOf(junit));
  const broken = brokenFiles(stdout);
  let failed = reported.failed + broken.length;
  let failures = failed > 0 ? failureText(stdout) : "";
  if (timers.ended) {
    failures = `${group.name}: ended after ${timeoutMs / 1000} s\n${pendingText(stdout)}`;
    failed = Math.max(failed, 1);
  } else if (code !== 0 && failed === 0) {
    failed = 1;
    failures = `${group.name}: deno test exited with ${code}\n${stdout}${stderr}`;
  }
  const reasons = linesOf(textOf(skips));
  return { counts: { ...reported, failed }, skips: [...new Set(reasons)].sort(), failures };
}

interface Ending {
  readonly ended: boolean;
  cancel(): void;
}

/** SIGINT makes `deno test` name the tests that are pending; SIGKILL ends one that does not. */
function endAfter(child: Deno.ChildProcess, timeoutMs: number): Ending {
  const ending = { ended: false, cancel };
  const timers = [setTimeout(interrupt, timeoutMs)];

  function interrupt(): void {
    ending.ended = true;
    timers.push(setTimeout(() => kill("SIGKILL"), REPORT_GRACE_MS));
    kill("SIGINT");
  }

  function kill(signal: Deno.Signal): void {
    try {
      child.kill(signal);
    } catch {
      // It has ended meanwhile.
    }
  }

  function cancel(): void {
    timers.forEach(clearTimeout);
  }

  return ending;
}

/** Hands on each line as it comes, and all of it in the end. */
async function relay(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  show: (line: string) => void,
): Promise<string> {
  let all = "";
  let rest = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    all += piece;
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    lines.forEach(show);
  }
  if (rest !== "") show(rest);
  return all;
}

/** A group whose files run side by side has many short tests: only what fails is worth a line. */
function progress(group: TestGroup, line: string): void {
  if (line === "" || line.startsWith("ok |") || line.startsWith("FAILED |")) return;
  if (!group.parallel || /^\S.* \.\.\. FAILED/.test(line)) console.log(`  ${line}`);
}

function failureText(output: string): string {
  const at = output.indexOf("\n ERRORS \n");
  return (at < 0 ? output : output.slice(at)).trim();
}

function pendingText(output: string): string {
  const at = output.indexOf("The following tests were pending:");
  return (at < 0 ? output.slice(-4000) : output.slice(at)).trim();
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
