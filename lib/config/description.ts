/** Descriptions: one line of text that people and initiators are shown. */
import { ControlError } from "./control_error.ts";

/** TargetAlias takes 255 octets at most. RFC 7143 13.6. */
const MOST_OCTETS = 255;

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Whether `text` may describe something. */
export function isDescription(text: string): boolean {
  return isShort(text) && isOneLine(text);
}

/** The description in normal form; one that cannot be shown on a line is refused. */
export function checkDescription(text: string): string {
  const description = text.normalize("NFC").trim();
  if (!isShort(description)) {
    const nextStep = `use ${MOST_OCTETS} octets at most`;
    throw new ControlError("usage", "the description is too long", nextStep);
  }
  if (!isOneLine(description)) {
    const nextStep = "use a single line of plain text";
    throw new ControlError("usage", "the description holds a control character", nextStep);
  }
  return description;
}

function isShort(text: string): boolean {
  return new TextEncoder().encode(text).length <= MOST_OCTETS;
}

function isOneLine(text: string): boolean {
  return !CONTROL_CHARACTER.test(text);
}
