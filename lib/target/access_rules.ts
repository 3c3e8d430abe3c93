/** The kinds of entries that an access list may have, a row each. */
import { normaliseName } from "../iscsi/name.ts";
import { normaliseHardwareAddress } from "../net/hardware_address.ts";
import { normaliseHostName } from "../net/host_name.ts";
import { formatIpAddress, type IpAddress, isSameAddress } from "../net/ip_address.ts";
import { IpRange } from "../net/ip_range.ts";
import type { Question, Witness } from "../net/witness.ts";
import { printable } from "../runtime/printable.ts";

/** Who asks, as the rules see it. */
export interface Asker {
  /** The initiator's iSCSI name, normalised. */
  readonly initiatorName: string;
  /** Undefined where it comes from nowhere that has one. */
  readonly address: IpAddress | undefined;
}

export interface AccessRule {
  /** As it is shown and stored. */
  readonly id: string;
  /** `many`: hosts that know nothing of each other may fit it. */
  readonly fits: "one" | "many" | "all";
  admits(asker: Asker, witness: Witness): boolean;
  /** What must be known to judge. */
  question?(asker: Asker): Question | undefined;
  /** Why the asker does not fit, where that is not plain. */
  note?(asker: Asker, witness: Witness): string;
}

/** An entry that cannot be understood. */
export class AccessRuleError extends Error {
  override readonly name = "AccessRuleError";

  constructor(
    message: string,
    /** How it may be written. */
    readonly forms: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface RuleKind {
  /** How an entry of this kind is written. */
  readonly form: string;
  readonly examples: string;
  /** What stands behind `kind:` becomes a rule; throws where it cannot. */
  parse(value: string): AccessRule;
}

const ANY: AccessRule = { id: "any", fits: "all", admits: () => true };

/** By the word before the first colon. */
const KINDS: Readonly<Record<string, RuleKind>> = {
  iqn: { form: "iqn:NAME", examples: "iqn:iqn.2026-01.com.example:host", parse: ruleForName },
  dns: { form: "dns:HOST", examples: "dns:mail1.example.com", parse: ruleForHost },
  ip: {
    form: "ip:ADDRESS",
    examples: "ip:192.0.2.7, ip:192.0.2.0/24 or ip:2001:db8::7",
    parse: ruleForAddress,
  },
  mac: { form: "mac:ADDRESS", examples: "mac:00-15-17-0B-0E-F6", parse: ruleForAdapter },
};

const ALL_FORMS = `${Object.values(KINDS).map(({ form }) => form).join(", ")} or ${ANY.id}`;

/** Whether the entry says of which kind it is. */
export function hasKind(id: string): boolean {
  return id === ANY.id || Object.hasOwn(KINDS, kindName(id));
}

/** Reads an entry, or throws AccessRuleError. */
export function parseRule(id: string): AccessRule {
  if (id === ANY.id) return ANY;
  const name = kindName(id);
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined) {
    const why = "does not say whom it means";
    throw new AccessRuleError(`access rule "${printable(id)}" ${why}`, ALL_FORMS);
  }
  try {
    return kind.parse(id.slice(name.length + 1));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `access rule "${printable(id)}": ${printable(why)}`;
    throw new AccessRuleError(message, kind.examples, { cause });
  }
}

function kindName(id: string): string {
  return id.slice(0, Math.max(id.indexOf(":"), 0));
}

function ruleForName(value: string): AccessRule {
  const name = normaliseName(value);
  return {
    id: `iqn:${name}`,
    fits: "one",
    admits: ({ initiatorName }) => initiatorName === name,
  };
}

function ruleForAddress(value: string): AccessRule {
  const range = IpRange.parse(value);
  return {
    id: `ip:${range}`,
    fits: range.isSingle ? "one" : "many",
    admits: ({ address }) => address !== undefined && range.contains(address),
  };
}

/** The name is resolved and the address looked for: what a peer calls itself is no proof. */
function ruleForHost(value: string): AccessRule {
  const host = normaliseHostName(value);
  return {
    id: `dns:${host}`,
    fits: "one",
    question: ({ address }) => ({ host, peer: address }),
    admits({ address }, witness) {
      const found = witness.addressesOf(host);
      if (address === undefined || "failure" in found) return false;
      return found.value.some((each) => isSameAddress(each, address));
    },
    note(_, witness) {
      const found = witness.addressesOf(host);
      if ("failure" in found) return found.failure;
      return `is ${found.value.map(formatIpAddress).join(" ")}`;
    },
  };
}

/** By the kernel's table of neighbours: whoever comes by way of a router has no entry there. */
function ruleForAdapter(value: string): AccessRule {
  const adapter = normaliseHardwareAddress(value);
  return {
    id: `mac:${adapter}`,
    fits: "one",
    question: ({ address }) => address && { neighbour: address },
    admits({ address }, witness) {
      const found = address && witness.hardwareAddressOf(address);
      return found !== undefined && "value" in found && found.value === adapter;
    },
    note({ address }, witness) {
      if (address === undefined) return "it comes from no network";
      const found = witness.hardwareAddressOf(address);
      return "failure" in found ? found.failure : `its own is ${found.value}`;
    },
  };
}
