/** Reads what `deno test --junit-path` wrote. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(counts: readonly Counts[]): Counts {
  return counts.reduce((total, each) => ({
    passed: total.passed + each.passed,
    failed: total.failed + each.failed,
    skipped: total.skipped + each.skipped,
  }), NOTHING);
}

/** The one line that closes a run. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const CASE = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

/** Counts the tests of a report. Steps are part of their test and not counted again. */
export function countsOf(junit: string): Counts {
  let passed = 0, failed = 0, skipped = 0;
  const tests = new Set<string>();
  for (const [, name, file, body] of junit.matchAll(CASE)) {
    if (isStep(name!, file!, tests)) continue;
    tests.add(`${file} ${name}`);
    if (/<(failure|error)\b/.test(body!)) failed++;
    else if (body!.includes("<skipped")) skipped++;
    else passed++;
  }
  return { passed, failed, skipped };
}

/** Whether the name is `TEST > STEP` of a test that came before it in the same file. */
function isStep(name: string, file: string, tests: ReadonlySet<string>): boolean {
  const separator = " &gt; ";
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) {
    if (tests.has(`${file} ${name.slice(0, at)}`)) return true;
  }
  return false;
}

/** Files whose top-level code threw: they are in no report, only in the runner's words. */
export function brokenFiles(output: string): string[] {
  const found = output.matchAll(/^Uncaught error from (\S+) FAILED$/gm);
  return [...new Set([...found].map(([, file]) => file!))];
}
