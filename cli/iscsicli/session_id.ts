/**
 * Session and connection ids as iscsicli writes them: two numbers of 64 bits. The first stands for
 * the adapter, of which there is one; the second holds the ISID's beginning and our own number.
 */
import type {
  ConnectionFacts,
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

/** Of a connection, by its CID. */
export function connectionId(cid: number): SessionId {
  return { high: ADAPTER, low: cid.toString(16) };
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
  const named = parsed(word);
  if (named === undefined) throw new IscsicliError(87, `Invalid sessionid: ${word}`);
  const found = (await control.sessions()).find((each) => isSame(sessionId(each), named));
  if (found === undefined) throw new IscsicliError(Isdsc.INVALID_SESSION_ID);
  return found;
}

/** The connection of a session that a word names, likewise. */
export function findConnection(session: InitiatorSessionFacts, word: string): ConnectionFacts {
  const named = parsed(word);
  if (named === undefined) throw new IscsicliError(87, `Invalid connectionid: ${word}`);
  const found = session.connectionList.find(({ cid }) => isSame(connectionId(cid), named));
  if (found === undefined) throw new IscsicliError(Isdsc.INVALID_CONNECTION_ID);
  return found;
}

function parsed(word: string): SessionId | undefined {
  const halves = /^(?:0x)?([0-9a-f]{1,16})-(?:0x)?([0-9a-f]{1,16})$/i.exec(word);
  return halves === null ? undefined : { high: halves[1]!, low: halves[2]! };
}

function isSame(a: SessionId, b: SessionId): boolean {
  return BigInt(`0x${a.high}`) === BigInt(`0x${b.high}`) &&
    BigInt(`0x${a.low}`) === BigInt(`0x${b.low}`);
}
