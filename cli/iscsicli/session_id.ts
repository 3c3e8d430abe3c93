/**
 * Session and connection ids as iscsicli writes them: two numbers of 64 bits. The first stands for
 * the adapter, of which there is one; the second holds the ISID's beginning and our own number.
 */
import type {
  InitiatorControl,
  InitiatorSessionFacts,
} from "../../lib/initiator_service/control.ts";
import { IscsicliError, Isdsc } from "./isdsc.ts";

const ADAPTER = "fffffa8000000000";

export interface SessionId {
  readonly high: string;
  readonly low: string;
}

export function sessionId({ id, isid }: InitiatorSessionFacts): SessionId {
  const number = [...id].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0) | 0, 0);
  const ours = /^\d+$/.test(id) ? Number(id) : number >>> 0;
  return {
    high: ADAPTER,
    low: `${isid.slice(0, 8)}${ours.toString(16).padStart(8, "0").slice(-8)}`,
  };
}

/** The connection at that place of the session. */
export function connectionId(at: number): SessionId {
  return { high: ADAPTER, low: (at + 1).toString(16) };
}

/** `fffffa8000000000-4000013700000001`, as lists have it. */
export function plain({ high, low }: SessionId): string {
  return `${high}-${low}`;
}

/** `0xfffffa8000000000-0x4000013700000001`, as logins print it. */
export function prefixed({ high, low }: SessionId): string {
  return `0x${high}-0x${low}`;
}

/** The session that a word names: two hexadecimal numbers, with 0x or without. */
export async function findSession(
  control: InitiatorControl,
  word: string,
): Promise<InitiatorSessionFacts> {
  const halves = /^(?:0x)?([0-9a-f]{1,16})-(?:0x)?([0-9a-f]{1,16})$/i.exec(word);
  if (halves === null) throw new IscsicliError(87, `Invalid sessionid: ${word}`);
  const [high, low] = halves.slice(1).map((half) => BigInt(`0x${half}`));
  for (const session of await control.sessions()) {
    const id = sessionId(session);
    if (BigInt(`0x${id.high}`) === high && BigInt(`0x${id.low}`) === low) return session;
  }
  throw new IscsicliError(Isdsc.INVALID_SESSION_ID);
}
