/** Lets somebody at a terminal choose some of what there is. Loaded where it is asked for. */
import process from "node:process";
import { isCancel, multiselect } from "@clack/prompts";

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint: string;
}

/** The values that were chosen, maybe none; undefined where Ctrl-C or Escape ended it. */
export async function choose(
  question: string,
  choices: readonly Choice[],
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const chosen = await multiselect({
    message: question,
    options: [...choices],
    required: false,
    maxItems: 12,
    // Results alone go to stdout.
    output: process.stderr,
    signal,
  });
  return isCancel(chosen) ? undefined : chosen;
}
