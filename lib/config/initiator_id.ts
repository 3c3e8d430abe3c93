/** How an operator says which initiator may log in: by iSCSI name, DNS name, IP address or MAC address. */
import { formatAddressRange, parseAddressRange } from "./address.ts";
import { ControlError } from "./control_error.ts";
import { parseIscsiName } from "./iscsi_name.ts";

const DNS_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$/;
const MAC_ADDRESS = /^[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/;

/** A kind of identifier: how its value is put in normal form, undefined for a bad one. */
interface IdKind {
  readonly form: string;
  normalise(value: string): string | undefined;
}

const KINDS: Readonly<Record<string, IdKind>> = {
  iqn: {
    form: "iqn:iqn.1991-05.com.microsoft:mail1",
    normalise: parseIscsiName,
  },
  dns: {
    form: "dns:mail1.example.com",
    normalise(value) {
      const name = value.toLowerCase().replace(/\.$/, "");
      return DNS_NAME.test(name) ? name : undefined;
    },
  },
  ip: {
    form: "ip:192.168.1.101, ip:192.168.1.0/24 or ip:2001:db8::/64",
    normalise(value) {
      const range = parseAddressRange(value.replace(/^\[(.*)\]$/, "$1"));
      return range === undefined ? undefined : formatAddressRange(range);
    },
  },
  mac: {
    form: "mac:00-15-17-0b-0e-f6",
    normalise(value) {
      const address = value.toLowerCase();
      if (!MAC_ADDRESS.test(address)) return undefined;
      return address.replace(/[:-]/g, "").match(/../g)!.join("-");
    },
  },
};

/** Admits every initiator. */
export const ANY_INITIATOR = "any";

/** The identifier in normal form, `KIND:VALUE` or `any`; undefined for a bad one. */
export function parseInitiatorId(text: string): string | undefined {
  if (text.toLowerCase() === ANY_INITIATOR) return ANY_INITIATOR;
  // An iSCSI name alone says what it is.
  const bare = parseIscsiName(text);
  if (bare !== undefined) return `iqn:${bare}`;
  const colon = text.indexOf(":");
  const prefix = text.slice(0, Math.max(colon, 0)).toLowerCase();
  const kind = Object.hasOwn(KINDS, prefix) ? KINDS[prefix] : undefined;
  const value = kind?.normalise(text.slice(colon + 1));
  return value === undefined ? undefined : `${prefix}:${value}`;
}

/** The identifiers in normal form, each once, in the order given; a bad one is refused. */
export function checkInitiatorIds(ids: readonly string[]): string[] {
  const normalised = ids.map((id) => {
    const parsed = parseInitiatorId(id);
    if (parsed !== undefined) return parsed;
    throw new ControlError(
      "usage",
      `${JSON.stringify(id)} does not identify an initiator`,
      `use ${formFor(id)}`,
    );
  });
  return [...new Set(normalised)];
}

/** The right form for what the operator seems to have meant. */
function formFor(id: string): string {
  const prefix = id.slice(0, Math.max(id.indexOf(":"), 0)).toLowerCase();
  if (Object.hasOwn(KINDS, prefix)) return `the form ${KINDS[prefix]!.form}`;
  return `${Object.values(KINDS).map(({ form }) => form).join("; ")}; or any`;
}
