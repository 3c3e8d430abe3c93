/**
 * Who may see a target and log in to it. An entry is a kind with a value, or `any`; one entry that
 * admits is enough, and an empty list admits nobody.
 */
import { parsePeerAddress } from "../net/ip_address.ts";
import { NO_WITNESS, type Question, type Witness } from "../net/witness.ts";
import { type AccessRule, type Asker, parseRule } from "./access_rules.ts";

/** Who asks. */
export interface AccessRequest {
  /** The initiator's iSCSI name, normalised. */
  readonly initiatorName: string;
  /** The address that it comes from. */
  readonly address: string;
}

/** Entries that an explanation goes into. */
const MOST_EXPLAINED = 8;

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

  /** Entries that hosts fit which know nothing of each other, `any` among them. */
  get open(): readonly string[] {
    return this.#rules.filter(({ fits }) => fits !== "one").map(({ id }) => id);
  }

  has(id: string): boolean {
    return this.#rules.some((rule) => rule.id === id);
  }

  /** By what is known at this moment: `questions` says what should be. */
  admits(request: AccessRequest, witness: Witness): boolean {
    return this.admitting(request, witness) !== undefined;
  }

  /** The entry that admits; undefined where none does. */
  admitting(request: AccessRequest, witness: Witness): string | undefined {
    return this.#admitting(askerOf(request), witness)?.id;
  }

  /** What should be found out before the asker is judged; nothing where it is admitted without. */
  questions(request: AccessRequest): readonly Question[] {
    const asker = askerOf(request);
    const questions: Question[] = [];
    for (const rule of this.#rules) {
      const question = rule.question?.(asker);
      if (question !== undefined) questions.push(question);
      else if (rule.question === undefined && rule.admits(asker, NO_WITNESS)) return [];
    }
    return questions;
  }

  /** Why somebody is admitted or not, for the log and for whoever set the list up. */
  explain(request: AccessRequest, witness: Witness): string {
    const asker = askerOf(request);
    const rule = this.#admitting(asker, witness);
    if (rule !== undefined) return `admitted by ${rule.id}`;
    if (this.#rules.length === 0) return "its access list is empty";
    const reasons = this.#rules.slice(0, MOST_EXPLAINED).map(({ id, note }) => {
      return note === undefined ? id : `${id} (${note(asker, witness)})`;
    });
    const rest = this.#rules.length - reasons.length;
    return `none of ${reasons.join(", ")}${rest > 0 ? ` and ${rest} more` : ""} admits it`;
  }

  #admitting(asker: Asker, witness: Witness): AccessRule | undefined {
    return this.#rules.find((rule) => rule.admits(asker, witness));
  }
}

function askerOf({ initiatorName, address }: AccessRequest): Asker {
  return { initiatorName, address: parsePeerAddress(address) };
}
