/**
 * The secrets of the declared state, which knows them by references alone: so it can be shown,
 * exported and compared, and holds none.
 */
import type { ChapSecret } from "../iscsi/chap/secret.ts";
import type { DeclaredChap, DeclaredReverseChap, DeclaredState } from "./schema.ts";

/** Secrets by their references. */
export type SecretBook = ReadonlyMap<string, ChapSecret>;

export const NO_SECRETS: SecretBook = new Map();

/** All that is declared. */
export interface Declared<S = DeclaredState> {
  readonly state: S;
  /** Those that the state refers to. */
  readonly secrets: SecretBook;
}

/** One place where the state refers to a secret. */
export interface SecretUse {
  /** As operators call it: `CHAP of target mail`. */
  readonly what: string;
  /** Who proves itself by it. */
  readonly by: "initiator" | "target";
  readonly chap: DeclaredChap | DeclaredReverseChap;
}

/** Every place of the state that refers to a secret. */
export function secretUses(state: DeclaredState): SecretUse[] {
  const places = state.targets.map((target) => ({ of: `target ${target.name}`, ...target }));
  return [{ of: "discovery", ...state.discovery }, ...places].flatMap(
    ({ of, chap, reverseChap }): SecretUse[] => [
      ...(chap === undefined ? [] : [{ what: `CHAP of ${of}`, by: "initiator" as const, chap }]),
      ...(reverseChap === undefined
        ? []
        : [{ what: `reverse CHAP of ${of}`, by: "target" as const, chap: reverseChap }]),
    ],
  );
}

export function secretReferences(state: DeclaredState): string[] {
  return secretUses(state).map(({ chap }) => chap.secret);
}

/** Those of the book that there are references to. */
export function secretsAt(references: readonly string[], secrets: SecretBook): SecretBook {
  const known = new Set(references);
  return new Map([...secrets].filter(([reference]) => known.has(reference)));
}

/** The secret behind a reference of a state that was found whole. */
export function resolveSecret(secrets: SecretBook, reference: string): ChapSecret {
  const secret = secrets.get(reference);
  if (secret === undefined) throw new RangeError(`there is no secret ${reference}`);
  return secret;
}
