/** How many are kept, as several commands take it. */
import type { Keep } from "../lib/config/schedule_control.ts";
import { textFlag } from "./parameters.ts";

export interface KeepFlags {
  readonly keep?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly timeZone?: string;
}

const COUNT = { kind: "parsed", parse: parseCount, optional: true, placeholder: "N" } as const;

export const KEEP_FLAGS = {
  keep: { ...COUNT, brief: "Keep the latest N" },
  keepHourly: { ...COUNT, brief: "Keep the latest one of each of N hours" },
  keepDaily: { ...COUNT, brief: "Keep the latest one of each of N days" },
  keepWeekly: { ...COUNT, brief: "Keep the latest one of each of N weeks" },
  keepMonthly: { ...COUNT, brief: "Keep the latest one of each of N months" },
  timeZone: textFlag("ZONE", "Whose calendar counts, such as Europe/Berlin; the machine's without"),
} as const;

/** The rules that were given; undefined where none was. */
export function keepOf(flags: KeepFlags): Keep | undefined {
  const { keep: last, keepHourly: hourly, keepDaily: daily } = flags;
  const { keepWeekly: weekly, keepMonthly: monthly } = flags;
  const rules = { last, hourly, daily, weekly, monthly };
  return Object.values(rules).every((count) => count === undefined) ? undefined : rules;
}

/** `24 latest, 7 daily`; nothing where there is no rule. */
export function keepText(keep: Readonly<Record<keyof Keep, number | null>>): string {
  return Object.entries(keep).filter(([, count]) => count !== null)
    .map(([rule, count]) => `${count} ${rule === "last" ? "latest" : rule}`).join(", ");
}

function parseCount(text: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new Error("a whole number from 1 on is needed; a rule that is left out keeps nothing");
}
