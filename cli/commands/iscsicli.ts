/**
 * `sanctl iscsicli`, and sanctl under the name iscsicli: words go through as they are, since what
 * looks like a flag (`-1`) is none there.
 */
import type { GlobalFlags } from "../global_flags.ts";
import { BANNER, iscsicli, type IscsicliOptions } from "../iscsicli/iscsicli.ts";
import type { Surroundings } from "../running_command.ts";

const STRICT = "--strict";
/** Octets of commands in standard input. */
const MOST_INPUT = 1 << 20;

/** Answers the exit code: what a shell sees of the status. */
export default async function (
  words: readonly string[],
  flags: GlobalFlags,
  around: Surroundings,
): Promise<number> {
  const isStrict = words[0] === STRICT || Deno.env.get("SANCTL_STRICT") === "1";
  const command = words[0] === STRICT ? words.slice(1) : words;
  const say = (line: string): void => around.stdout.write(`${line}\n`);
  const options = { open: () => around.openInitiator(flags), say, strict: isStrict };
  say(BANNER);
  say("");
  return exitCodeOf(
    command.length > 0 ? await iscsicli(command, options) : await converse(options, around),
  );
}

/** Runs what is typed, line by line, or what stands in standard input. */
async function converse(options: IscsicliOptions, around: Surroundings): Promise<number> {
  const name = await nodeName(options);
  let status = 0;
  for await (const line of linesOf(around, () => prompt(name, options))) {
    const words = line.trim().split(/\s+/).filter((word) => word !== "");
    if (words.length > 0) status = await iscsicli(words, options);
  }
  return status;
}

function prompt(name: string, { say }: IscsicliOptions): void {
  say(`[${name}] Enter command or ^C to exit`);
}

async function* linesOf(around: Surroundings, ask: () => void): AsyncGenerator<string> {
  if (!around.terminal) {
    const input = await around.readInput(MOST_INPUT) ?? "";
    for (const line of input.split("\n")) {
      ask();
      yield line;
    }
    return;
  }
  const { signal } = new AbortController();
  for (;;) {
    ask();
    const line = await around.readLine(signal);
    if (line === undefined) return;
    yield line;
  }
}

async function nodeName({ open }: IscsicliOptions): Promise<string> {
  const control = await open();
  try {
    return (await control.show()).name;
  } finally {
    await control.close();
  }
}

/** The lowest octet; what fails never looks as if it had not. */
function exitCodeOf(status: number): number {
  return status === 0 ? 0 : status & 0xff || 1;
}
