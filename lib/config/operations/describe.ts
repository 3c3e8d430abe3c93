/** Descriptions: one line of text that people and initiators are shown. */
import { ControlError } from "../control_error.ts";

/** TargetAlias takes 255 octets at most. RFC 7143 13.7. */
const MOST_OCTETS = 255;

/** The description in normal form; one that cannot be shown on a line is refused. */
export function checkDescription(text: string): string {
  const description = text.normalize("NFC").trim();
  if (new TextEncoder().encode(description).length > MOST_OCTETS) {
    throw new ControlError(
      "usage",
      "the description is too long",
      `use ${MOST_OCTETS} octets at most`,
    );
  }
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(description)) {
    throw new ControlError(
      "usage",
      "the description holds a control character",
      "use a single line of plain text",
    );
  }
  return description;
}
