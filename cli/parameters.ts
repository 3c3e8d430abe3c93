/** Flags and arguments that several commands share. */
import type { Control } from "../lib/config/control.ts";
import type { Context } from "./context.ts";
import { parseSize } from "../lib/config/size.ts";
import { STANDARD_STREAM } from "./standard_stream.ts";

export const TARGET_ARGUMENT = {
  brief: "The target's name",
  placeholder: "TARGET",
  parse: String,
  proposeCompletions(this: Context) {
    return namesOf(this, (control) => control.listTargets());
  },
} as const;

export const DISK_ARGUMENT = {
  brief: "The disk's name",
  placeholder: "DISK",
  parse: String,
  proposeCompletions(this: Context) {
    return namesOf(this, (control) => control.listDisks());
  },
} as const;

export const BACKUP_DIRECTORY_ARGUMENT = {
  brief: "The directory of the backups, which has a folder for each disk",
  placeholder: "DIR",
  parse: placeOf("a backup", "a directory"),
} as const;

export const SNAPSHOT_ARGUMENT = {
  brief: "The snapshot's name",
  placeholder: "SNAPSHOT",
  parse: String,
  proposeCompletions(this: Context) {
    return namesOf(this, (control) => control.snapshots.list());
  },
} as const;

export const SESSION_ARGUMENT = {
  brief: "A session, as sanctl target sessions shows it",
  placeholder: "SESSION",
  parse: String,
  proposeCompletions(this: Context) {
    return namesOf(
      this,
      async (control) => (await control.sessions()).map(({ id }) => ({ name: id })),
    );
  },
} as const;

type Named = readonly { readonly name: string }[];

/** What a shell may complete a name to; nothing where that cannot be known. */
export async function namesOf(
  context: Context,
  list: (control: Control) => Promise<Named>,
): Promise<string[]> {
  try {
    return (await list(await context.control())).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Where a disk is to be written to. */
export const parseDestination = placeOf("a disk", "a file");

/** Takes the path of what is written here and there in it, as no stream can be. */
function placeOf(what: string, place: string): (text: string) => string {
  return (text) => {
    if (text !== STANDARD_STREAM) return text;
    throw new Error(`${what} does not go to standard output; name ${place}`);
  };
}

/** The name of something that is yet to be made. */
export const NEW_TARGET_ARGUMENT = {
  brief: "The target's name",
  placeholder: "NAME",
  parse: String,
} as const;

export const YES_FLAG = {
  kind: "boolean",
  optional: true,
  withNegated: false,
  brief: "Go on without asking",
} as const;

export const FORCE_FLAG = {
  kind: "boolean",
  optional: true,
  withNegated: false,
  brief: "Go on although initiators are logged in: they lose what is taken away",
} as const;

/** A flag that is either given or not. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/** A flag that turns something on, or with `no-` before its name off; else nothing changes. */
export function eitherFlag(brief: string) {
  return { kind: "boolean", optional: true, brief } as const;
}

/** A flag with a text, which may be left out. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: String, optional: true, placeholder, brief } as const;
}

/** A size with its unit. */
export function sizeFlag(brief: string) {
  return { kind: "parsed", parse: parseSize, placeholder: "SIZE", brief } as const;
}

export type BlockLengthText = "512" | "4096";

/** The length of a block: one of those that disks have. */
export function blockFlag(brief: string) {
  return { kind: "enum", values: ["512", "4096"], optional: true, brief } as const;
}

/** What {@link blockFlag} took, in octets. */
export function blockLengthOf(text: BlockLengthText | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** A whole number not below 0. */
export function parseWholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error("a whole number is needed, such as 0");
  return Number(text);
}
