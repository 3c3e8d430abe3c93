/** What is checked without running the project: files, imports, comments, format, lint, types. */
import { commentProblems } from "./check_comments.ts";
import { importProblems } from "./check_imports.ts";
import { committablePaths, rootProblems } from "./check_root.ts";
import { sourceFiles, sources } from "./source_files.ts";

export interface Verdict {
  readonly passed: boolean;
  /** What a person needs to put it right; empty when it passed. */
  readonly details: string;
}

export interface StaticCheck {
  readonly name: string;
  run(): Promise<Verdict>;
}

/** Ordered by how long they take. */
export const STATIC_CHECKS: readonly StaticCheck[] = [
  { name: "files", run: async () => verdict(rootProblems(await committablePaths())) },
  { name: "imports", run: () => verdict(importProblems(sources())) },
  { name: "comments", run: () => verdict(commentProblems(sources())) },
  { name: "formatting", run: () => deno(["fmt", "--check"]) },
  { name: "lint", run: () => deno(["lint", "--quiet"]) },
  {
    name: "types",
    run: () =>
      deno(["check", "--quiet", ...["lib", "cli", "scripts", "tests"].flatMap(sourceFiles)]),
  },
];

function verdict(problems: readonly string[]): Promise<Verdict> {
  return Promise.resolve({ passed: problems.length === 0, details: problems.join("\n") });
}

/** A check that is not done by then has hung. */
const TIMEOUT_MS = 5 * 60_000;

async function deno(args: string[]): Promise<Verdict> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const command = new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal,
  });
  const ended = await command.output();
  if (ended.success) return { passed: true, details: "" };
  const decoder = new TextDecoder();
  const how = signal.aborted
    ? `was not done after ${TIMEOUT_MS / 1000} s`
    : `ended with ${ended.signal ?? `exit code ${ended.code}`}`;
  const output = decoder.decode(ended.stdout) + decoder.decode(ended.stderr);
  return { passed: false, details: `${output.trim()}\ndeno ${args[0]} ${how}` };
}
