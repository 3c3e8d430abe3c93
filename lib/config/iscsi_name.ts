/** iSCSI names as an operator gives them, or leaves them to us. */
import { isName, NameError, normaliseName } from "../iscsi/name.ts";
import { ControlError } from "./control_error.ts";

/** The name in normal form, or undefined where it is none. */
export function parseIscsiName(text: string): string | undefined {
  return isName(text) ? normaliseName(text) : undefined;
}

/** The name in normal form; what is none is refused with the right form. */
export function checkIscsiName(text: string): string {
  try {
    return normaliseName(text);
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    const example = "iqn.YYYY-MM.DOMAIN:NAME, such as iqn.2026-01.com.example:mail";
    throw new ControlError("usage", error.message, `use ${example}`, { cause: error });
  }
}

/** The iSCSI name of a target that was given none. */
export function defaultIqn(iqnBase: string, targetName: string): string {
  // Underscores may stand in our names; RFC 3722 admits none in an iSCSI name.
  return `${iqnBase}:${targetName.replaceAll("_", "-")}`;
}
