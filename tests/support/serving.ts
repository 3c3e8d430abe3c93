/** A service on the executable: started, found ready, and ended with the test. */
import assert from "node:assert/strict";
import { EXECUTABLE } from "./requires.ts";
import type { Sanctl } from "./sanctl.ts";

export class Serving {
  /** `127.0.0.1:PORT`. */
  readonly portal: string;
  /** `http://127.0.0.1:PORT/`. */
  readonly dashboard: string;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #log: Promise<string>;
  readonly #rest: Promise<string>;

  private constructor(
    ready: string,
    child: Deno.ChildProcess,
    rest: Promise<string>,
    log: Promise<string>,
  ) {
    this.portal = /portal=(\S+)/.exec(ready)![1]!;
    this.dashboard = /http=(\S+)/.exec(ready)?.[1] ?? "";
    this.pid = child.pid;
    this.#child = child;
    this.#rest = rest;
    this.#log = log;
  }

  /** Starts `target serve` on free ports of loopback, and waits until it says that it is ready. */
  static async start(sanctl: Sanctl, extra: readonly string[] = []): Promise<Serving> {
    const child = new Deno.Command(EXECUTABLE, {
      args: ["target", "serve", "--portal", "127.0.0.1:0", "--http", "127.0.0.1:0", ...extra],
      env: sanctl.environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let ready = "";
    while (!ready.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the service ended before it was ready: ${await log}`);
      ready += value;
    }
    assert.match(ready, /^ready /);
    return new Serving(ready, child, remaining(reader), log);
  }

  /** Asks it to end, and answers how it did and what it logged. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ exitCode: number; log: string }> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    assert.equal(await this.#rest, "", "the ready line is all that stdout gets");
    return { exitCode: code, log: await this.#log };
  }
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
