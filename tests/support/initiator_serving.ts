/** The initiator's service on the executable: started, found ready, and ended with the test. */
import assert from "node:assert/strict";
import { Lifeline } from "./lifeline.ts";
import { EXECUTABLE } from "./requires.ts";
import type { Sanctl } from "./sanctl.ts";

export class InitiatorServing {
  readonly #child: Deno.ChildProcess;
  readonly #lifeline: Lifeline;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #log: Promise<string>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lifeline = new Lifeline(child.pid);
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#log = new Response(child.stderr).text();
  }

  /** Does not wait for it to be ready; `through` are words before its command line. */
  static begin(
    sanctl: Sanctl,
    options: readonly string[] = [],
    through: readonly string[] = [],
  ): InitiatorServing {
    const [program, ...words] = [...through, EXECUTABLE];
    const child = new Deno.Command(program!, {
      args: [...words, "initiator", "serve", ...options],
      env: sanctl.environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new InitiatorServing(child);
  }

  static async start(
    sanctl: Sanctl,
    options: readonly string[] = [],
    through: readonly string[] = [],
  ): Promise<InitiatorServing> {
    const serving = InitiatorServing.begin(sanctl, options, through);
    await serving.ready();
    return serving;
  }

  /** Resolves with the line that says so. */
  async ready(): Promise<string> {
    const { value, done } = await this.#lines.read();
    if (done) throw new Error(`the initiator ended before it was ready: ${await this.#log}`);
    assert.match(value, /^ready initiator=\S+ socket=\S+\n$/);
    return value;
  }

  /** The resident memory of its process, in octets. */
  get residentMemory(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** Asks it to end, or ends it, and answers its exit code and its log. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ exitCode: number; log: string }> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#lifeline.cut();
    await this.#lines.cancel();
    return { exitCode: code, log: await this.#log };
  }
}
