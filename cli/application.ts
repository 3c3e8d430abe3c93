/** All of `sanctl` as one tree of commands. */
import {
  type Application,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import type { Context } from "./context.ts";
import { causesOf, failureOf } from "./failure.ts";
import { helpFlag } from "./help.ts";
import { backupRoutes } from "./routes/backup.ts";
import { diskRoutes } from "./routes/disk.ts";
import { applyCommand, exportCommand } from "./routes/document.ts";
import { events } from "./routes/events.ts";
import { initiatorRoutes } from "./routes/initiator.ts";
import { snapshotRoutes } from "./routes/snapshot.ts";
import { targetRoutes } from "./routes/target.ts";

const status = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("./commands/status.ts"),
  parameters: {},
  docs: { brief: "Show the service and what it serves, at a glance" },
});

const version = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("./commands/version.ts"),
  parameters: {},
  docs: { brief: "Print the version" },
});

export const SHELLS = ["bash", "zsh", "fish"] as const;

const completion = buildCommand<Record<never, never>, [shell: typeof SHELLS[number]], Context>({
  loader: () => import("./commands/completion.ts"),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "bash, zsh or fish", placeholder: "SHELL", parse: parseShell }],
    },
  },
  docs: {
    brief: "Print what makes a shell complete sanctl's commands",
    fullDescription: "Prints what makes a shell complete sanctl's commands, for example:\n" +
      '  eval "$(sanctl completion bash)"',
  },
});

const root = buildRouteMap({
  routes: {
    target: targetRoutes,
    disk: diskRoutes,
    snapshot: snapshotRoutes,
    backup: backupRoutes,
    initiator: initiatorRoutes,
    status,
    events,
    apply: applyCommand,
    export: exportCommand,
    version,
    completion,
  },
  docs: { brief: "Make this machine an iSCSI target server, an initiator, or both" },
});

/** The application; `verbose` adds what caused a failure to what is said about it. */
export function buildSanctl(verbose: boolean): Application<Context> {
  return buildApplication(root, {
    name: "sanctl",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    determineExitCode: (error) => failureOf(error).exitCode,
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => noCommandText(input, corrections),
        exceptionWhileParsingArguments: parseErrorText,
        exceptionWhileLoadingCommandFunction: failureText,
        exceptionWhileRunningCommand: failureText,
      },
    },
  }, { help: helpFlag });

  function failureText(error: unknown): string {
    return [...failureOf(error).lines, ...verbose ? causesOf(error) : []].join("\n");
  }
}

function noCommandText(input: string, corrections: readonly string[]): string {
  return `there is no command ${JSON.stringify(input)}${didYouMean(corrections)}`;
}

function didYouMean(corrections: readonly string[]): string {
  return corrections.length === 0 ? "" : `; did you mean ${corrections.join(" or ")}?`;
}

function parseErrorText(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return failureOf(error).lines.join("\n");
  return formatMessageForArgumentScannerError(error, {
    ArgumentParseError({ externalFlagNameOrPlaceholder: name, input, exception }) {
      const why = exception instanceof Error ? exception.message : String(exception);
      return `${JSON.stringify(input)} for ${name}: ${why}`;
    },
    EnumValidationError({ externalFlagName: name, input, values }) {
      return `${JSON.stringify(input)} for ${name}: it is ${values.join(" or ")}`;
    },
    FlagNotFoundError({ input, corrections }) {
      return `there is no flag --${input}${didYouMean(corrections.map((name) => `--${name}`))}`;
    },
    AliasNotFoundError: ({ input }) => `there is no flag -${input}`,
    UnexpectedPositionalError: ({ input }) => `${JSON.stringify(input)} is one argument too many`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given more than once`,
    UnsatisfiedFlagError: ({ externalFlagName }) => `--${externalFlagName} needs a value`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing`,
  });
}

function parseShell(text: string): typeof SHELLS[number] {
  const shell = SHELLS.find((name) => name === text);
  if (shell === undefined) throw new Error(`it is ${SHELLS.join(", ")}`);
  return shell;
}
