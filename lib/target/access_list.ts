/**
 * Who may see a target and log in to it. An entry is a kind with a value, or `any`; one entry that
 * admits is enough, and an empty list admits nobody.
 */
import { normaliseName } from "../iscsi/name.ts";
import { printable } from "../runtime/printable.ts";

/** Who asks. */
export interface AccessRequest {
  /** The initiator's iSCSI name, normalised. */
  readonly initiatorName: string;
  /** The address that it comes from. */
  readonly address: string;
}

/** An entry that cannot be understood. */
export class AccessRuleError extends Error {
  override readonly name = "AccessRuleError";
}

interface AccessRule {
  /** As it is shown and stored. */
  readonly id: string;
  admits(request: AccessRequest): boolean;
}

interface RuleKind {
  /** How an entry of this kind is written. */
  readonly form: string;
  /** What stands behind `kind:` becomes a rule; throws where it cannot. */
  parse(value: string): AccessRule;
}

const ANY: AccessRule = { id: "any", admits: () => true };

/** By the word before the first colon. */
const KINDS: Readonly<Record<string, RuleKind>> = {
  iqn: { form: "iqn:NAME", parse: ruleForName },
};

/** How entries are written, for whoever has to correct one. */
export const ACCESS_RULE_FORMS: readonly string[] = [
  ...Object.values(KINDS).map(({ form }) => form),
  ANY.id,
];

export class AccessList {
  readonly #rules: readonly AccessRule[];

  private constructor(rules: readonly AccessRule[]) {
    this.#rules = rules;
  }

  /** Reads entries; throws AccessRuleError at the first that it does not understand. */
  static of(ids: readonly string[]): AccessList {
    const rules = new Map<string, AccessRule>();
    for (const id of ids) {
      const rule = parseRule(id);
      rules.set(rule.id, rule);
    }
    return new AccessList([...rules.values()]);
  }

  /** The entries, each in its one spelling. */
  get ids(): readonly string[] {
    return this.#rules.map(({ id }) => id);
  }

  admits(request: AccessRequest): boolean {
    return this.#rules.some((rule) => rule.admits(request));
  }

  /** Why somebody is admitted or not, for the log and for whoever set the list up. */
  explain(request: AccessRequest): string {
    const rule = this.#rules.find((each) => each.admits(request));
    if (rule !== undefined) return `admitted by ${rule.id}`;
    if (this.#rules.length === 0) return "its access list is empty";
    return `none of ${this.ids.join(", ")} admits it`;
  }
}

function parseRule(id: string): AccessRule {
  if (id === ANY.id) return ANY;
  const colon = id.indexOf(":");
  const name = id.slice(0, Math.max(colon, 0));
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined) {
    const forms = ACCESS_RULE_FORMS.join(" or ");
    throw new AccessRuleError(`access rule "${printable(id)}" is of no known kind; write ${forms}`);
  }
  try {
    return kind.parse(id.slice(colon + 1));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AccessRuleError(`access rule "${printable(id)}": ${why}; write ${kind.form}`, {
      cause,
    });
  }
}

function ruleForName(value: string): AccessRule {
  const name = normaliseName(value);
  return { id: `iqn:${name}`, admits: ({ initiatorName }) => initiatorName === name };
}
