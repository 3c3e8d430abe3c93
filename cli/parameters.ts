/** Flags and arguments that several commands share. */
import { parseSize } from "./size.ts";

export const TARGET_ARGUMENT = {
  brief: "The target's name",
  placeholder: "TARGET",
  parse: String,
} as const;

export const DISK_ARGUMENT = {
  brief: "The disk's name",
  placeholder: "DISK",
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
  brief: "End the sessions that stand in the way",
} as const;

/** A flag that is either given or not. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/** A flag with a text, which may be left out. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: String, optional: true, placeholder, brief } as const;
}

/** A size with its unit. */
export function sizeFlag(brief: string) {
  return { kind: "parsed", parse: parseSize, placeholder: "SIZE", brief } as const;
}

/** A whole number not below 0. */
export function parseWholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error("a whole number is needed, such as 0");
  return Number(text);
}
