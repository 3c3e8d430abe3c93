/** What is said of a schedule that was added. */
import type { ScheduleFacts } from "../lib/config/schedule_control.ts";

export function addedText({ name, nextRun }: ScheduleFacts): string {
  const when = nextRun === null ? "it runs while the service does" : `it runs next at ${nextRun}`;
  return `schedule ${name} added: ${when}`;
}
