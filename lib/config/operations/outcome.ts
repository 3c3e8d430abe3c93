/** What an operation on the declared state comes to, before anything is done about it. */
import type { DeclaredState } from "../schema.ts";
import {
  type Declared,
  NO_SECRETS,
  type SecretBook,
  secretReferences,
  secretsAt,
} from "../secret_book.ts";

/** The state as it would be; the state that was given is left as it is. */
export interface Outcome {
  readonly state: DeclaredState;
  /** Secrets that it refers to and that are new. */
  readonly secrets?: SecretBook;
  /** What the operator should know, sentences without a period. */
  readonly notices: readonly string[];
  /** What is no longer attached is taken away though it is in use. */
  readonly force?: boolean;
}

/** What is declared once the outcome is. */
export function declaredBy({ state, secrets = NO_SECRETS }: Outcome, before: SecretBook): Declared {
  const known = new Map([...before, ...secrets]);
  return { state, secrets: secretsAt(secretReferences(state), known) };
}

/** Who uses the targets now. Nobody does where no service runs. */
export interface Usage {
  /** Open sessions of the target. */
  sessionsOf(target: string): number;
}

/** `3 sessions`, `1 session`. */
export function sessionCount(count: number): string {
  return `${count} session${count === 1 ? "" : "s"}`;
}
