/** Runs the programs of others, each with a limit on its time. */
import assert from "node:assert/strict";
import { programPath } from "../../scripts/peers.ts";
import { Lifeline } from "./lifeline.ts";

export interface PeerResult {
  /** 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimedOut: boolean;
}

const MINUTE_MS = 60_000;

/** Runs a program to its end. */
export async function runPeer(
  program: string,
  args: readonly string[],
  timeoutMs = MINUTE_MS,
): Promise<PeerResult> {
  const child = new Deno.Command(programPath(program) ?? program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // libiscsi's programs try for ever to reach a target that is gone.
  const lifeline = new Lifeline(child.pid);
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return {
      exitCode: code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
      isTimedOut,
    };
  } finally {
    clearTimeout(timer);
    await lifeline.cut();
  }
}

/** Runs a program that must succeed, and answers what it printed. */
export async function peer(program: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr, isTimedOut } = await runPeer(program, args);
  const line = `${program} ${args.join(" ")}`;
  assert.ok(!isTimedOut, `${line}: did not end\n${stdout}${stderr}`);
  assert.equal(exitCode, 0, `${line}: exited with ${exitCode}\n${stdout}${stderr}`);
  return stdout;
}
