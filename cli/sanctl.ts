/** Runs one command line and answers its exit code. */
import { type Application, ExitCode, run } from "@stricli/core";
import { EXIT_CODES } from "../lib/config/control_error.ts";
import { buildSanctl } from "./application.ts";
import type { Context } from "./context.ts";
import { failureOf } from "./failure.ts";
import { type GlobalFlags, takeGlobalFlags } from "./global_flags.ts";
import { OVERVIEW } from "./help.ts";
import type { Sink } from "./output.ts";
import { RunningCommand, type Surroundings } from "./running_command.ts";

/** Stricli's codes for a command that was called wrongly; its other negative ones are our fault. */
const USAGE_CODES: readonly number[] = [ExitCode.UnknownCommand, ExitCode.InvalidArgument];

/** Whose words are its own, whatever they look like. */
const ISCSICLI = "iscsicli";

/** Runs `argv`. Every failure ends here: one or two lines on stderr, and the code it answers. */
export async function sanctl(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const foreign = argv.findIndex((word) => word.toLowerCase() === ISCSICLI);
    const before = takeGlobalFlags(argv.slice(0, Math.max(foreign, 0)));
    if (foreign >= 0 && before.rest.length === 0) {
      const { default: runIscsicli } = await import("./commands/iscsicli.ts");
      return await runIscsicli(argv.slice(foreign + 1), before.flags, around);
    }
    const { flags, rest } = takeGlobalFlags(argv);
    if (flags.version) return await runCommand(["version"], flags, around);
    if (flags.help) return await runCommand(withHelp(rest), flags, around);
    if (rest[0] === "__complete") return await complete(rest.slice(1), flags, around);
    if (rest.length > 0) return await runCommand(rest, flags, around);
    around.stdout.write(OVERVIEW);
    return 0;
  } catch (error) {
    const { exitCode, lines } = failureOf(error);
    complain(around.stderr, lines);
    return exitCode;
  }
}

function withHelp(rest: readonly string[]): string[] {
  const end = rest.indexOf("--");
  return [...(end < 0 ? rest : rest.slice(0, end)), "--help"];
}

async function runCommand(
  inputs: readonly string[],
  flags: GlobalFlags,
  around: Surroundings,
): Promise<number> {
  const command = new RunningCommand(flags, around);
  const { process } = command;
  const application = buildSanctl(flags.verbose);
  const ended = run(application, inputs, command).then(() => process.exitCode ?? 0);
  const exitCode = await Promise.race([ended, command.overdue]);
  await command.close();
  if (command.interruptedBy !== undefined && exitCode !== 0) {
    complain(around.stderr, ["interrupted"]);
    return command.interruptedBy;
  }
  if (USAGE_CODES.includes(exitCode)) {
    const help = helpFor(application, inputs);
    complain(around.stderr, [command.complaints.join("; "), `  see ${help}`]);
    return EXIT_CODES.usage;
  }
  complain(around.stderr, command.complaints);
  return exitCode < 0 ? EXIT_CODES.failed : exitCode;
}

async function complete(
  words: readonly string[],
  flags: GlobalFlags,
  around: Surroundings,
): Promise<number> {
  const { proposals } = await import("./proposals.ts");
  const command = new RunningCommand(flags, around);
  for (const line of await proposals(words, command)) around.stdout.write(`${line}\n`);
  await command.close();
  return 0;
}

/** The help of the command that was called, or of the last word that there is one for. */
function helpFor({ root }: Application<Context>, inputs: readonly string[]): string {
  const known: string[] = [];
  let place: Application<Context>["root"] | undefined = root;
  for (const word of inputs) {
    if (!("getRoutingTargetForInput" in place)) break;
    place = place.getRoutingTargetForInput(word);
    if (place === undefined) break;
    known.push(word);
  }
  return ["sanctl", ...known, "--help"].join(" ");
}

/** Says what went wrong; where nobody reads even that, there is nobody to tell. */
function complain(stderr: Sink, lines: readonly string[]): void {
  if (lines.length === 0) return;
  try {
    stderr.write(`sanctl: ${lines.join("\n")}\n`);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
