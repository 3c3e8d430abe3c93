/** Flags that every command takes, in any position. */
import { ControlError } from "../lib/config/control_error.ts";

export interface GlobalFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly stateDir: string | undefined;
  readonly server: string | undefined;
}

interface GlobalFlag {
  readonly name: keyof GlobalFlags;
  readonly flag: string;
  readonly alias?: string;
  /** What stands for its value in a help text; without one it is a switch. */
  readonly placeholder?: string;
  readonly brief: string;
}

/** One row a flag: parsing, completion and the help text come from here. */
export const GLOBAL_FLAGS: readonly GlobalFlag[] = [
  {
    name: "stateDir",
    flag: "--state-dir",
    placeholder: "DIR",
    brief: "Where targets and disks are declared (SANCTL_STATE_DIR)",
  },
  {
    name: "server",
    flag: "--server",
    placeholder: "URL",
    brief: "The service to speak to, not the one of this machine (SANCTL_SERVER)",
  },
  { name: "json", flag: "--json", brief: "Print facts as JSON" },
  { name: "quiet", flag: "--quiet", alias: "-q", brief: "Print results only, lists as bare names" },
  {
    name: "verbose",
    flag: "--verbose",
    brief: "Say more: what caused a failure, what a service does",
  },
  { name: "help", flag: "--help", alias: "-h", brief: "Print help and exit" },
  { name: "version", flag: "--version", brief: "Print the version and exit" },
];

/** Takes the global flags out of `argv`; what follows `--` is left alone. */
export function takeGlobalFlags(
  argv: readonly string[],
): { readonly flags: GlobalFlags; readonly rest: readonly string[] } {
  const found: Partial<Record<keyof GlobalFlags, string | true>> = {};
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at]!;
    if (argument === "--") {
      rest.push(...argv.slice(at));
      break;
    }
    const [flag, value] = splitFlag(argument);
    const row = GLOBAL_FLAGS.find((it) => it.flag === flag || it.alias === argument);
    if (row === undefined) {
      rest.push(argument);
    } else if (row.placeholder === undefined) {
      if (value !== undefined) throw usage(`${row.flag} takes no value`, `leave out =${value}`);
      found[row.name] = true;
    } else {
      const given = value ?? argv[++at];
      if (given === undefined || given === "") {
        throw usage(`${row.flag} needs a value`, `write ${row.flag} ${row.placeholder}`);
      }
      found[row.name] = given;
    }
  }
  return { flags: toFlags(found), rest };
}

function usage(message: string, nextStep: string): ControlError {
  return new ControlError("usage", message, nextStep);
}

/** `--name=value` → name and value; anything else → itself. */
function splitFlag(argument: string): [flag: string, value?: string] {
  const equals = argument.indexOf("=");
  if (!argument.startsWith("--") || equals < 0) return [argument];
  return [argument.slice(0, equals), argument.slice(equals + 1)];
}

function toFlags(found: Partial<Record<keyof GlobalFlags, string | true>>): GlobalFlags {
  return {
    json: found.json === true,
    quiet: found.quiet === true,
    verbose: found.verbose === true,
    help: found.help === true,
    version: found.version === true,
    stateDir: typeof found.stateDir === "string" ? found.stateDir : undefined,
    server: typeof found.server === "string" ? found.server : undefined,
  };
}
