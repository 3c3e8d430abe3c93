/** A service on the executable: started, found ready, and ended with the test. */
import assert from "node:assert/strict";
import { Lifeline } from "./lifeline.ts";
import { EXECUTABLE } from "./requires.ts";
import type { Sanctl } from "./sanctl.ts";

interface Process {
  readonly child: Deno.ChildProcess;
  /** Its exit code. */
  readonly ended: Promise<number>;
  readonly log: Promise<string>;
  /** What stdout got after the ready line. */
  readonly rest: Promise<string>;
}

export class Serving {
  /** `127.0.0.1:PORT`. */
  readonly portal: string;
  /** That one and those that were asked for besides, in the same form. */
  readonly portals: readonly string[];
  /** `http://127.0.0.1:PORT/`. */
  readonly dashboard: string;
  readonly pid: number;
  readonly #process: Process;

  private constructor(ready: string, process: Process) {
    this.portals = [...ready.matchAll(/portal=(\S+)/g)].map(([, portal]) => portal!);
    this.portal = this.portals[0]!;
    this.dashboard = /http=(\S+)/.exec(ready)?.[1] ?? "";
    this.pid = process.child.pid;
    this.#process = process;
  }

  /**
   * Starts `target serve` on free ports of loopback, and waits until it says that it is ready;
   * `through` are words before its command line.
   */
  static start(
    sanctl: Sanctl,
    extra: readonly string[] = [],
    through: readonly string[] = [],
  ): Promise<Serving> {
    return Serving.startDeclared(sanctl, through, ["--portal", "127.0.0.1:0", ...extra]);
  }

  /** The same where the declared portals are, and its own. */
  static async startDeclared(
    sanctl: Sanctl,
    through: readonly string[],
    options: readonly string[] = [],
  ): Promise<Serving> {
    const [program, ...words] = [...through, EXECUTABLE];
    const serve = ["target", "serve", "--http", "127.0.0.1:0", ...options];
    const child = new Deno.Command(program!, {
      args: [...words, ...serve],
      env: sanctl.environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ended = ending(child);
    const log = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let ready = "";
    while (!ready.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) {
        await ended;
        throw new Error(`the service ended before it was ready: ${await log}`);
      }
      ready += value;
    }
    assert.match(ready, /^ready /);
    return new Serving(ready, { child, ended, log, rest: remaining(reader) });
  }

  /** Asks it to end, and answers how it did and what it logged. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ exitCode: number; log: string }> {
    const { child, ended, log, rest } = this.#process;
    child.kill(signal);
    const exitCode = await ended;
    assert.equal(await rest, "", "the ready line is all that stdout gets");
    return { exitCode, log: await log };
  }
}

/** The exit code, once it has ended and nothing watches it any more. */
async function ending(child: Deno.ChildProcess): Promise<number> {
  const lifeline = new Lifeline(child.pid);
  const { code } = await child.status;
  await lifeline.cut();
  return code;
}

async function remaining(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return rest;
    rest += value;
  }
}

/** Gives `use` a running service, which ends with it however it ends. */
export async function whileServing(
  sanctl: Sanctl,
  use: (serving: Serving) => Promise<void>,
): Promise<void> {
  const serving = await Serving.start(sanctl);
  try {
    await use(serving);
  } finally {
    await serving.end().catch(() => undefined);
  }
}
