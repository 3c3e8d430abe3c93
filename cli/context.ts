/** What a command has to work with. */
import type { CommandContext } from "@stricli/core";
import type { Control } from "../lib/config/control.ts";
import type { InitiatorControl } from "../lib/initiator_service/control.ts";
import type { Choice } from "./choose.ts";
import type { GlobalFlags } from "./global_flags.ts";
import type { Output, Sink } from "./output.ts";
import type { ProgressBar } from "./progress.ts";

export interface Context extends CommandContext {
  readonly flags: GlobalFlags;
  readonly output: Output;
  /** Where a long-running command logs. */
  readonly stderr: Sink;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** The running service where there is one, else the declared state; opened once. */
  control(): Promise<Control>;
  /** The running initiator where there is one, else what is declared of it; opened once. */
  initiator(): Promise<InitiatorControl>;
  /** Someone is there to answer. */
  readonly terminal: boolean;
  /** Lets whoever is there choose some of what there is; throws where that is called off. */
  choose(question: string, choices: readonly Choice[]): Promise<readonly string[]>;
  /** Asks whether to go on with what `loss` says; throws where the answer is no. */
  confirm(loss: string, yes: boolean | undefined): Promise<void>;
  /** Asks for something that is not shown while it is typed. */
  askHidden(what: string): Promise<string>;
  /** All of standard input, which may have `limit` octets. */
  readInput(limit: number): Promise<string>;
  progress(title: string): ProgressBar;
  /** From now on, SIGINT, SIGTERM and SIGHUP call `then`, and the command ends by itself. */
  handleSignals(then: () => void): void;
}
