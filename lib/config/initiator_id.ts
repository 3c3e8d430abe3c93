/** Initiator identifiers as an operator gives them, in the one spelling of the access list. */
import { isHardwareAddress } from "../net/hardware_address.ts";
import { isFullHostName } from "../net/host_name.ts";
import { AccessList } from "../target/access_list.ts";
import { AccessRuleError, hasKind } from "../target/access_rules.ts";
import { ControlError } from "./control_error.ts";
import { parseIscsiName } from "./iscsi_name.ts";

/** Admits every initiator. */
export const ANY_INITIATOR = "any";

/** Meant as an address or a range of them; whether it is one is seen later. */
const IP_CHARACTERS = /^(?:[0-9]+(?:\.[0-9]+){3}|[0-9a-f:.]*:[0-9a-f:.]*)(?:\/[0-9]+)?$/i;

/** What an identifier is that does not say it, in the order in which that is tried. */
const BARE: readonly (readonly [kind: string, fits: (id: string) => boolean])[] = [
  ["iqn", (id) => parseIscsiName(id) !== undefined],
  ["mac", isHardwareAddress],
  ["ip", (id) => IP_CHARACTERS.test(id)],
  ["dns", isFullHostName],
];

/** The identifiers in normal form, each once, in the order given; a bad one is refused. */
export function checkInitiatorIds(ids: readonly string[]): string[] {
  try {
    return [...AccessList.of(ids.map(withKind)).ids];
  } catch (error) {
    if (!(error instanceof AccessRuleError)) throw error;
    const nextStep = `write it as ${error.forms}`;
    throw new ControlError("usage", error.message, nextStep, { cause: error });
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

/**
 * Whom the identifiers stand for where that may be several initiators that know nothing of each
 * other; undefined where it is one at most. `any` alone is for the operator to answer for.
 */
export function severalInitiators(ids: readonly string[]): string | undefined {
  if (ids.length > 1) return `${ids.length} initiators`;
  const [range] = AccessList.of(ids).open.filter((id) => id !== ANY_INITIATOR);
  return range === undefined ? undefined : `every initiator of ${range}`;
}

/** An address, a host's name or an iSCSI name alone says what it is. */
function withKind(id: string): string {
  if (hasKind(id)) return id;
  const kind = BARE.find(([, fits]) => fits(id))?.[0];
  return kind === undefined ? id : `${kind}:${id}`;
}
