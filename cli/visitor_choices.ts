/** Initiators that came by, for somebody who is to say which of them may log in. */
import type { TargetFacts, VisitorFacts } from "../lib/config/facts.ts";
import { formatAge } from "./age.ts";
import type { Choice } from "./choose.ts";

/** One choice for each that the target does not admit by name yet, the latest first. */
export function visitorChoices(
  visitors: readonly VisitorFacts[],
  target: TargetFacts,
  now: Date,
): Choice[] {
  const choices = new Map<string, Choice>();
  for (const visitor of visitors) {
    const value = `iqn:${visitor.initiator}`;
    if (target.allow.includes(value) || choices.has(value)) continue;
    choices.set(value, { value, label: visitor.initiator, hint: hintOf(visitor, now) });
  }
  return [...choices.values()];
}

function hintOf({ address, target, admitted, lastSeen }: VisitorFacts, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(lastSeen)) / 1000));
  const what = target === null
    ? "looked for targets"
    : `${admitted ? "let in to" : "refused by"} ${target}`;
  return `from ${address}, ${what} ${formatAge(seconds)} ago`;
}
