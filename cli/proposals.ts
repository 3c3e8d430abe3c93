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
  const flags = partial.startsWith("-") ? GLOBAL_FLAGS.map(({ flag }) => flag) : [];
  const all = [...found.map(({ completion }) => completion), ...flags];
  return [...new Set(all)].filter((proposal) => proposal.startsWith(partial)).sort();
}
