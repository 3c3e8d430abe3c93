/** Asks before something is lost, and for what nobody else is to see. */
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
  /** The same, not shown while it is typed; `ask` is called before. */
  readHidden(ask: () => void): Promise<string | undefined>;
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

/** Resolves with what is typed unseen after `what`; throws where nobody types. */
export async function askHidden(what: string, options: PromptOptions): Promise<string> {
  if (!options.terminal) {
    throw new ControlError(
      "usage",
      "nobody is there to type a secret",
      "add --secret-stdin, --secret-file FILE or --generate",
    );
  }
  const answer = await options.readHidden(() => options.stderr.write(`${what}: `));
  options.stderr.write("\n");
  options.signal.throwIfAborted();
  if (answer !== undefined) return answer;
  throw new ControlError("failed", "nothing was changed: the question was not answered");
}
