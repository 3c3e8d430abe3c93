/** What initiators must prove by CHAP, to a target or for discovery, and what is proved to them. */
import { CHAP_ALGORITHMS } from "../../iscsi/chap/algorithm.ts";
import { ChapSecret, SECRET_LENGTH } from "../../iscsi/chap/secret.ts";
import { checkChapUser } from "../chap_user.ts";
import type { NewChap, NewReverseChap } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { DeclaredAuthentication, DeclaredReverseChap, DeclaredState } from "../schema.ts";
import type { SecretBook } from "../secret_book.ts";
import { checkDirections, checkSecret } from "../secret_rules.ts";
import { findTarget, replaceTarget } from "./find.ts";
import { type Outcome, sessionCount, type Usage } from "./outcome.ts";

/** A target's name, or undefined for discovery. */
export type ChapScope = string | undefined;

/** Asks initiators to prove who they are. */
export function setChap(
  declared: { readonly state: DeclaredState; readonly secrets: SecretBook },
  scope: ChapScope,
  asked: NewChap,
  usage: Usage,
): Outcome {
  const { state, secrets } = declared;
  const present = authenticationOf(state, scope);
  const { chap, secret } = credentials(asked);
  const algorithms = asked.algorithms === undefined
    ? present.chap?.algorithms ?? CHAP_ALGORITHMS.map(({ name }) => name)
    : checkAlgorithms(asked.algorithms);
  const next = replaced(state, scope, { ...present, chap: { ...chap, algorithms } });
  checkDirections(next, new Map([...secrets, [chap.secret, secret]]));
  const sessions = scope === undefined ? 0 : usage.sessionsOf(scope);
  const notices = sessions === 0 ? [] : [
    `${sessionCount(sessions)} open on ${scope} stay as they are; to have them prove it too, ` +
    `sanctl target disconnect --target ${scope}`,
  ];
  return {
    state: next,
    secrets: new Map([[chap.secret, secret]]),
    notices: [...notices, ...weakness(secret)],
  };
}

/** Asks for nothing any more, and proves nothing either. */
export function clearChap(state: DeclaredState, scope: ChapScope): Outcome {
  const { chap, reverseChap } = authenticationOf(state, scope);
  if (chap === undefined) throw notSet(scope, "CHAP");
  const notices = [
    scope === undefined
      ? "whoever reaches the server may ask which targets it may use"
      : `whoever target ${scope} allows may log in without proof`,
    ...(reverseChap === undefined ? [] : ["reverse CHAP is off with it"]),
  ];
  return { state: replaced(state, scope, {}), notices };
}

/** Proves to initiators who the target is: they all have to ask for it. */
export function setReverseChap(
  declared: { readonly state: DeclaredState; readonly secrets: SecretBook },
  scope: ChapScope,
  asked: NewReverseChap,
): Outcome {
  const { state, secrets } = declared;
  const present = authenticationOf(state, scope);
  if (present.chap === undefined) {
    throw new ControlError(
      "usage",
      `${called(scope)} asks for no CHAP, and reverse CHAP goes with it alone`,
      `first sanctl target chap ${scope ?? "--discovery"} --user USER`,
    );
  }
  const { chap, secret } = credentials(asked);
  const next = replaced(state, scope, { ...present, reverseChap: chap });
  checkDirections(next, new Map([...secrets, [chap.secret, secret]]));
  const notices = [`initiators that do not ask ${called(scope)} to prove itself are refused`];
  return {
    state: next,
    secrets: new Map([[chap.secret, secret]]),
    notices: [...notices, ...weakness(secret)],
  };
}

/** Proves nothing to initiators any more. */
export function clearReverseChap(state: DeclaredState, scope: ChapScope): Outcome {
  const { chap, reverseChap } = authenticationOf(state, scope);
  if (chap === undefined || reverseChap === undefined) throw notSet(scope, "reverse CHAP");
  return { state: replaced(state, scope, { chap }), notices: [] };
}

/** What is declared of a target, or of discovery. */
export function authenticationOf(state: DeclaredState, scope: ChapScope): DeclaredAuthentication {
  if (scope === undefined) return state.discovery ?? {};
  const { chap, reverseChap } = findTarget(state, scope);
  return {
    ...(chap === undefined ? {} : { chap }),
    ...(reverseChap === undefined ? {} : { reverseChap }),
  };
}

function replaced(
  state: DeclaredState,
  scope: ChapScope,
  authentication: DeclaredAuthentication,
): DeclaredState {
  if (scope === undefined) {
    const { discovery: _, ...others } = state;
    const isNone = authentication.chap === undefined;
    return isNone ? others : { ...others, discovery: authentication };
  }
  const target = findTarget(state, scope);
  const { chap: _, reverseChap: __, ...others } = target;
  return replaceTarget(state, target, { ...others, ...authentication });
}

function credentials(
  { user, secret: text, longSecret = false }: NewReverseChap,
): { readonly chap: DeclaredReverseChap; readonly secret: ChapSecret } {
  const secret = new ChapSecret(text);
  checkSecret(secret, longSecret);
  return { chap: { user: checkChapUser(user), secret: crypto.randomUUID(), longSecret }, secret };
}

/** The names of algorithms, the strongest first. */
function checkAlgorithms(asked: readonly string[]): string[] {
  const known = CHAP_ALGORITHMS.map(({ name }) => name);
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined && asked.length > 0) return known.filter((it) => asked.includes(it));
  throw new ControlError(
    "usage",
    unknown === undefined
      ? "no algorithm is named"
      : `CHAP has no algorithm ${JSON.stringify(unknown)}`,
    `choose from ${known.join(", ")}`,
  );
}

function weakness({ length }: ChapSecret): string[] {
  const { usual } = SECRET_LENGTH;
  if (length >= usual) return [];
  return [`a secret of ${usual} octets is harder to guess than this one of ${length}`];
}

function called(scope: ChapScope): string {
  return scope === undefined ? "discovery" : `target ${scope}`;
}

function notSet(scope: ChapScope, what: string): ControlError {
  return new ControlError(
    "not-found",
    `${called(scope)} has no ${what} to take away`,
    scope === undefined ? "sanctl status shows what it has" : `see sanctl target show ${scope}`,
  );
}
