/** User names of CHAP: any short line of text; by custom the initiator's iSCSI name. */
import { ControlError } from "./control_error.ts";
import { isDescription } from "./description.ts";

/** Whether `text` may be a CHAP_N. RFC 7143 6.1: a text value has 255 octets at most. */
export function isChapUser(text: string): boolean {
  return text !== "" && isDescription(text);
}

/** Refuses what cannot be a user name. */
export function checkChapUser(text: string): string {
  if (isChapUser(text)) return text;
  throw new ControlError(
    "usage",
    text === "" ? "the user name is empty" : "the user name is too long, or more than a line",
    "use 1 to 255 octets of plain text, by custom the initiator's iSCSI name",
  );
}
