/** Which secrets will do, alone and together. RFC 7143 9.2.1. */
import { type ChapSecret, SECRET_LENGTH } from "../iscsi/chap/secret.ts";
import { ControlError } from "./control_error.ts";
import type { DeclaredState } from "./schema.ts";
import { type SecretBook, type SecretUse, secretUses } from "./secret_book.ts";

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** What does not fit between the state and its secrets, as a clause; undefined where all does. */
export function secretProblem(state: DeclaredState, secrets: SecretBook): string | undefined {
  const uses = secretUses(state);
  for (const { what, chap } of uses) {
    const secret = secrets.get(chap.secret);
    if (secret === undefined) return `the secret for ${what} is missing`;
    if (lengthFault(secret, chap.longSecret) !== undefined) {
      return `the secret for ${what} has ${secret.length} octets`;
    }
  }
  const shared = sharedSecret(uses, secrets);
  return shared === undefined ? undefined : `${shared[0]} and ${shared[1]} have the same secret`;
}

/** Refuses a secret that is too short or too long, or that nobody could type again. */
export function checkSecret(secret: ChapSecret, isLong: boolean): void {
  const fault = lengthFault(secret, isLong);
  if (fault !== undefined) {
    throw new ControlError("usage", `the secret has ${secret.length} octets`, fault);
  }
  if (CONTROL_CHARACTER.test(secret.reveal().text)) {
    const nextStep = "use a single line of plain text";
    throw new ControlError("usage", "the secret holds a control character", nextStep);
  }
}

/**
 * Refuses a secret by which initiators and the target would both prove themselves: who knows it for
 * one could pass for the other.
 */
export function checkDirections(state: DeclaredState, secrets: SecretBook): void {
  const shared = sharedSecret(secretUses(state), secrets);
  if (shared === undefined) return;
  throw new ControlError(
    "usage",
    `${shared[0]} and ${shared[1]} would have the same secret, and who knows it for one ` +
      "could pass for the other",
    "choose another secret",
  );
}

/** The first two uses, one in each direction, of the same secret. */
function sharedSecret(
  uses: readonly SecretUse[],
  secrets: SecretBook,
): readonly [string, string] | undefined {
  const byInitiators = new Map<string, string>();
  for (const { what, by, chap } of uses) {
    if (by === "initiator") byInitiators.set(textOf(secrets, chap.secret), what);
  }
  for (const { what, by, chap } of uses) {
    const other = by === "target" ? byInitiators.get(textOf(secrets, chap.secret)) : undefined;
    if (other !== undefined) return [other, what];
  }
  return undefined;
}

function textOf(secrets: SecretBook, reference: string): string {
  return secrets.get(reference)?.reveal().text ?? "";
}

function lengthFault({ length }: ChapSecret, isLong: boolean): string | undefined {
  const { least, usual, most } = SECRET_LENGTH;
  if (length < least) return `use ${least} to ${usual}`;
  if (length > most) return `use ${most} at most`;
  if (length > usual && !isLong) {
    return `use ${least} to ${usual}, or add --long-secret if every initiator takes longer ones`;
  }
  return undefined;
}
