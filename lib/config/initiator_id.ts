/** Initiator identifiers as an operator gives them, in the one spelling of the access list. */
import { ACCESS_RULE_FORMS, AccessList, AccessRuleError } from "../target/access_list.ts";
import { ControlError } from "./control_error.ts";
import { parseIscsiName } from "./iscsi_name.ts";

/** Admits every initiator. */
export const ANY_INITIATOR = "any";

/** The identifiers in normal form, each once, in the order given; a bad one is refused. */
export function checkInitiatorIds(ids: readonly string[]): string[] {
  try {
    return [...AccessList.of(ids.map(withKind)).ids];
  } catch (error) {
    if (!(error instanceof AccessRuleError)) throw error;
    const forms = ACCESS_RULE_FORMS.join(", ");
    throw new ControlError("usage", error.message, `identify an initiator by ${forms}`, {
      cause: error,
    });
  }
}

/** Whether `id` is an identifier in normal form. */
export function isInitiatorId(id: string): boolean {
  try {
    return AccessList.of([id]).ids[0] === id;
  } catch (error) {
    if (error instanceof AccessRuleError) return false;
    throw error;
  }
}

/** An iSCSI name alone says what it is. */
function withKind(id: string): string {
  return parseIscsiName(id) === undefined ? id : `iqn:${id}`;
}
