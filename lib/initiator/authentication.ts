/**
 * How we prove who we are in the security stage of login, and have the target prove it. RFC 7143
 * 6.3.2, 12. The exchange of CHAP in lib/iscsi is one such.
 */
import type { Pair } from "../wire/key_values.ts";
import { UNPROVED } from "./login_error.ts";

/** One login's part of proving. */
export interface AuthenticationExchange {
  /** What the first Login Request says: the methods that we accept. */
  readonly offer: readonly Pair[];
  /** All of our keys have been given: the request that has the last asks to move on. */
  readonly isAnswered: boolean;
  /** The target owes no proof: one that moves on before is not followed. */
  readonly isComplete: boolean;
  /** A login that fails now may fail over a longer list than the target can deal with. */
  readonly mayHaveChoked?: boolean;
  /** Takes the security keys of one text of the target; answers ours, or why the login ends. */
  receive(pairs: readonly Pair[]): readonly Pair[] | AuthenticationFault;
}

export interface AuthenticationFault {
  readonly reason: string;
  /** What to do about it, where that can be told. */
  readonly next?: string;
}

/** Begins an exchange for each login. */
export interface Authentication {
  (): AuthenticationExchange;
  /** What is left to offer to a target that makes no choice from a longer list. */
  readonly fallback?: Authentication;
}

/** Nobody proves anything. RFC 7143 12.1, None. */
export const NO_AUTHENTICATION: Authentication = () => ({
  offer: [["AuthMethod", "None"]],
  isAnswered: true,
  isComplete: true,
  receive(pairs) {
    const foreign = pairs.find(([key, value]) => key !== "AuthMethod" || value !== "None");
    if (foreign === undefined) return [];
    const [key, value] = foreign;
    if (key !== "AuthMethod") return { reason: `the target says ${key} where nothing is proved` };
    const reason = `the target answers AuthMethod=None with ${value}: it wants proof`;
    return { reason, next: UNPROVED };
  },
});
