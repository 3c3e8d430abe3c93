/** What must be proved, and by whom, in words; never by what. */
import type { AuthenticationFacts } from "../lib/config/facts.ts";

/** For the sheet of whatever asks for it. */
export function authenticationRows(
  { chap, reverseChap }: AuthenticationFacts,
): (readonly [name: string, value: string | undefined])[] {
  return [
    ["chap", chap === null ? "not required" : `required, as ${chap.user}`],
    ["algorithms", chap?.algorithms.join(", ")],
    ["reverse chap", reverseChap === null ? undefined : `required, as ${reverseChap.user}`],
  ];
}

/** In one line. */
export function discoveryText({ chap, reverseChap }: AuthenticationFacts): string {
  if (chap === null) return "without proof; each sees what it may use";
  const mutual = reverseChap === null ? "" : `, and the server proves to be ${reverseChap.user}`;
  return `by CHAP, as ${chap.user}${mutual}`;
}
