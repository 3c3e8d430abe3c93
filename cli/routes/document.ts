/** `sanctl export` and `sanctl apply`: what they take; their actions are loaded when called. */
import { buildCommand } from "@stricli/core";
import type { Context } from "../context.ts";
import { FORCE_FLAG, switchFlag, TARGET_ARGUMENT, YES_FLAG } from "../parameters.ts";

export interface ExportFlags {
  readonly target?: readonly string[];
  readonly secrets?: boolean;
  readonly schema?: boolean;
}

export const exportCommand = buildCommand<ExportFlags, [file?: string], Context>({
  loader: () => import("../commands/export.ts"),
  parameters: {
    flags: {
      target: {
        ...TARGET_ARGUMENT,
        kind: "parsed",
        optional: true,
        variadic: true,
        brief: "Only this target with its disks; given again, more of them",
      },
      secrets: switchFlag("Write secrets themselves, and not their references"),
      schema: switchFlag("Write the JSON Schema of the document, by which editors complete it"),
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "Where to write it; printed without, or as -",
          placeholder: "FILE",
          parse: String,
          optional: true,
        },
      ],
    },
  },
  docs: {
    brief: "Write the server down as one document",
    fullDescription:
      "Writes the whole server, or some targets with their disks, as one YAML document\n" +
      "that sanctl apply takes, here or on another server. What the disks hold is not in it.",
  },
});

export interface ApplyFlags {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export const applyCommand = buildCommand<ApplyFlags, [], Context>({
  loader: () => import("../commands/apply.ts"),
  parameters: {
    flags: {
      file: {
        kind: "parsed",
        parse: String,
        placeholder: "FILE|-",
        brief: "The document; - reads it from standard input",
      },
      dryRun: switchFlag("Print what would be done, and do nothing"),
      prune: switchFlag("Remove targets and disks that the document does not name"),
      force: FORCE_FLAG,
      yes: YES_FLAG,
    },
    aliases: { f: "file" },
  },
  docs: {
    brief: "Make the server what a document says",
    fullDescription:
      "Makes the server what a document says, as sanctl export writes it, wholly or not at\n" +
      "all. What is left out of the document stays as it is. Files that do not exist are created,\n" +
      "those that do are imported; no file is ever deleted. Prints what it does before it does it.",
  },
});
