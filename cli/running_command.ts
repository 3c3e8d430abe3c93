/** A command while it runs: opens what it asks for, and lets go of it when it ends. */
import type { Control } from "../lib/config/control.ts";
import type { InitiatorControl } from "../lib/initiator_service/control.ts";
import { ControlError } from "../lib/config/control_error.ts";
import type { Choice } from "./choose.ts";
import type { Context } from "./context.ts";
import type { GlobalFlags } from "./global_flags.ts";
import { Output, type Sink } from "./output.ts";
import { ProgressBar } from "./progress.ts";
import { askHidden, confirm, type PromptOptions } from "./prompt.ts";

/** What the process gives a command. */
export interface Surroundings {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Someone watches stderr and can type an answer. */
  readonly terminal: boolean;
  readLine(signal: AbortSignal): Promise<string | undefined>;
  /** The same, not shown while it is typed; `ask` is called before. */
  readHidden(ask: () => void, signal: AbortSignal): Promise<string | undefined>;
  /** All of standard input; undefined where it has more than `limit` octets. */
  readInput(limit: number): Promise<string | undefined>;
  /** Resolves with the values that are chosen; undefined where that is called off. */
  choose(
    question: string,
    choices: readonly Choice[],
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined>;
  openControl(flags: GlobalFlags): Promise<Control>;
  openInitiator(flags: GlobalFlags): Promise<InitiatorControl>;
  /** Calls back with an exit code at each SIGINT, SIGTERM and SIGHUP; the answer ends that. */
  onInterrupt(then: (exitCode: number) => void): () => void;
}

/** How long a command may take to clean up once it is interrupted. */
const CLEAN_UP_MS = 2_000;

export class RunningCommand implements Context {
  readonly flags: GlobalFlags;
  readonly output: Output;
  readonly stderr: Sink;
  readonly signal: AbortSignal;
  /** Stricli's view of the process: what it would print as errors is kept for the end. */
  readonly process: { stdout: Sink; stderr: Sink; exitCode?: number };
  readonly complaints: string[] = [];
  /** Resolves with an exit code when the command was interrupted and does not end by itself. */
  readonly overdue: Promise<number>;
  /** The exit code of the interruption, if there was one. */
  interruptedBy: number | undefined;

  readonly #around: Surroundings;
  readonly #abort = new AbortController();
  #endSignals: () => void;
  #control: Promise<Control> | undefined;
  #initiator: Promise<InitiatorControl> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(flags: GlobalFlags, around: Surroundings) {
    const { stdout, stderr } = around;
    this.flags = flags;
    this.stderr = stderr;
    this.output = new Output({ stdout, stderr, json: flags.json, quiet: flags.quiet });
    this.signal = this.#abort.signal;
    this.process = { stdout, stderr: { write: (text) => this.#complain(text) } };
    this.#around = around;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.overdue = promise;
    this.#endSignals = around.onInterrupt((exitCode) => this.#interrupt(exitCode, resolve));
  }

  control(): Promise<Control> {
    this.#control ??= this.#around.openControl(this.flags);
    return this.#control;
  }

  get terminal(): boolean {
    return this.#around.terminal;
  }

  async choose(question: string, choices: readonly Choice[]): Promise<readonly string[]> {
    const chosen = await this.#around.choose(question, choices, this.signal);
    if (chosen !== undefined) return chosen;
    throw new DOMException("nothing was chosen", "AbortError");
  }

  initiator(): Promise<InitiatorControl> {
    this.#initiator ??= this.#around.openInitiator(this.flags);
    return this.#initiator;
  }

  confirm(loss: string, yes: boolean | undefined): Promise<void> {
    return confirm(loss, yes ?? false, this.#prompting());
  }

  askHidden(what: string): Promise<string> {
    return askHidden(what, this.#prompting());
  }

  async readInput(limit: number): Promise<string> {
    const text = await this.#around.readInput(limit);
    if (text !== undefined) return text;
    throw new ControlError(
      "usage",
      `standard input has more than ${limit} octets`,
      "give it what is asked for and nothing else",
    );
  }

  progress(title: string): ProgressBar {
    const shown = this.#around.terminal && !this.flags.quiet && !this.flags.json;
    return new ProgressBar({ title, sink: this.stderr, shown, nowMs: () => performance.now() });
  }

  handleSignals(then: () => void): void {
    this.#endSignals();
    this.#endSignals = this.#around.onInterrupt(then);
  }

  async close(): Promise<void> {
    // The first use of a timer costs 4 ms of start-up, which a command without one need not pay.
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#endSignals();
    const control = await this.#control?.catch(() => undefined);
    await control?.close();
    const initiator = await this.#initiator?.catch(() => undefined);
    await initiator?.close();
  }

  #prompting(): PromptOptions {
    const { terminal, stderr, readLine, readHidden } = this.#around;
    const { signal } = this;
    return {
      terminal,
      stderr,
      signal,
      readLine: () => readLine(signal),
      readHidden: (ask) => readHidden(ask, signal),
    };
  }

  /** The first time the command may clean up, the second time it ends at once. */
  #interrupt(exitCode: number, end: (exitCode: number) => void): void {
    if (this.interruptedBy !== undefined) return end(exitCode);
    this.interruptedBy = exitCode;
    this.#timer = setTimeout(() => end(exitCode), CLEAN_UP_MS);
    this.#abort.abort();
  }

  #complain(text: string): void {
    if (text.trim() !== "") this.complaints.push(text.trimEnd());
  }
}
