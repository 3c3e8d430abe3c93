/** What a shell may complete the last of `words` to. */
import { proposeCompletions } from "@stricli/core";
import { buildSanctl } from "./application.ts";
import type { Context } from "./context.ts";
import { GLOBAL_FLAGS, takeGlobalFlags } from "./global_flags.ts";

/** One proposal a line; `words` are those after `sanctl`, the last one as far as it is typed. */
export async function proposals(words: readonly string[], context: Context): Promise<string[]> {
  const partial = words.at(-1) ?? "";
  const { rest } = takeGlobalFlags(words.slice(0, -1));
  const found = await proposeCompletions(buildSanctl(false), [...rest, partial], context);
  const all = [...found.map(({ completion }) => completion), ...GLOBAL_FLAGS.map((it) => it.flag)];
  // Flags only where one is begun: they are many, and names are what is looked for.
  const fitting = all.filter((proposal) =>
    proposal.startsWith(partial) && proposal.startsWith("-") === partial.startsWith("-")
  );
  return [...new Set(fitting)].sort();
}
