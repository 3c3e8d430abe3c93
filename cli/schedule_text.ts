/** What is said of a schedule that was added or changed. */
import type { ScheduleFacts } from "../lib/config/schedule_control.ts";

export function addedText(schedule: ScheduleFacts): string {
  return `schedule ${schedule.name} added: ${whenText(schedule)}`;
}

export function changedText(schedule: ScheduleFacts): string {
  return `schedule ${schedule.name} changed: ${whenText(schedule)}`;
}

function whenText({ nextRun }: ScheduleFacts): string {
  return nextRun === null ? "it runs while the service does" : `it runs next at ${nextRun}`;
}
