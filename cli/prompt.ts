/** Asks before something is lost. */
import { ControlError } from "../lib/config/control_error.ts";
import type { Sink } from "./output.ts";

export interface PromptOptions {
  /** False: nobody is there to answer. */
  readonly terminal: boolean;
  readonly stderr: Sink;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** The next line that is typed; undefined at the end of input. */
  readLine(): Promise<string | undefined>;
}

/** Resolves when the operator agrees to what `loss` says, by `--yes` or by hand; else throws. */
export async function confirm(loss: string, yes: boolean, options: PromptOptions): Promise<void> {
  if (yes) return;
  if (!options.terminal) {
    throw new ControlError("usage", `${loss}; nobody is there to confirm it`, "add --yes");
  }
  options.stderr.write(`${loss}\nGo on? [y/N] `);
  const answer = await options.readLine();
  options.signal.throwIfAborted();
  if (answer !== undefined && /^(y|yes)$/i.test(answer.trim())) return;
  throw new ControlError("failed", "nothing was changed: the question was not answered with y");
}
