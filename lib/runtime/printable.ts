/** Text from a peer or a file, made fit for a log line, a terminal and a page. */

/** Characters of one piece of foreign text that are shown. */
export const PRINTABLE_LENGTH = 256;

/** Controls, line and paragraph separators, direction marks, and halves of surrogate pairs. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const CUT = "…";

/**
 * `text` without what could steer a terminal or start a new line: such characters become `\u{…}`.
 * At most `longest` characters are left, the last one `…` where more came. What is printable stays
 * as it is.
 */
export function printable(text: string, longest = PRINTABLE_LENGTH): string {
  // Cut first, so that megabytes of foreign text cost no more than a line.
  const head = text.length > longest ? text.slice(0, longest) : text;
  const escaped = head.replace(UNFIT, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
  if (escaped.length <= longest && head === text) return escaped;
  return withoutBrokenPair(escaped.slice(0, longest - CUT.length)) + CUT;
}

/** Cutting may leave the first half of a surrogate pair at the end. */
function withoutBrokenPair(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}
