/** What a run of tests comes to: the last lines that it prints, and its exit code. */
import type { GroupResult } from "./test_group.ts";
import { closingLine, sum } from "./test_report.ts";

export interface Summary {
  /** Reasons for skips, then failures in full, and last the line that sums up. */
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** `strict`: a skipped test fails the run, as in CI, where everything is at hand. */
export function summary(results: readonly GroupResult[], strict: boolean): Summary {
  const total = sum(results.map(({ counts }) => counts));
  const skips = [...new Set(results.flatMap((result) => result.skips))];
  const failures = results.map((result) => result.failures).filter((text) => text !== "");
  const tooManySkips = strict && total.skipped > 0;
  const lines = [
    ...(skips.length > 0 ? ["", "skipped because:", ...skips.map((skip) => `  ${skip}`)] : []),
    ...failures.flatMap((text) => ["", text]),
    ...(tooManySkips ? ["", "with CI=true no test may be skipped"] : []),
    "",
    closingLine(total),
  ];
  return { lines, exitCode: total.failed > 0 || tooManySkips ? 1 : 0 };
}
