/** The words of a command as iscsicli reads them. */
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "./isdsc.ts";

/** Not said: the first character alone decides. */
export function isStar(word: string): boolean {
  return word.startsWith("*");
}

export function unlessStar(word: string): string | undefined {
  return isStar(word) ? undefined : word;
}

/** Decimal, or hexadecimal behind 0x; what is no number counts as 0, a star too. */
export function numberOf(word: string): number {
  const digits = /^0[xX]([0-9a-fA-F]+)/.exec(word)?.[1];
  if (digits !== undefined) return Number.parseInt(digits, 16);
  return Number(/^-?\d+/.exec(word)?.[0] ?? 0);
}

export function numberUnlessStar(word: string): number | undefined {
  return isStar(word) ? undefined : numberOf(word);
}

/** True where it begins with a T; a star is what holds without. */
export function booleanOf(word: string | undefined, otherwise: boolean): boolean {
  if (word === undefined || isStar(word)) return otherwise;
  return /^t/i.test(word);
}

/** A name or a secret of a login: a star says nothing, a minus that it is empty. */
export function credentialOf(word: string | undefined): string | undefined {
  if (word === undefined || isStar(word)) return undefined;
  return word.startsWith("-") ? "" : word;
}

/** MAX_ISCSI_NAME_LEN and MAX_ISCSI_PORTAL_ADDRESS_LEN of Windows, without their NUL. */
const MOST_NAME_LENGTH = 223;
const MOST_ADDRESS_LENGTH = 255;

export function targetNameOf(word: string): string {
  if (word.length <= MOST_NAME_LENGTH) return word;
  throw new IscsicliError(Isdsc.ISCSI_NAME_INVALID);
}

/** Undefined: it is not said. */
export function addressOf(word: string): string | undefined {
  if (word.length <= MOST_ADDRESS_LENGTH) return unlessStar(word);
  throw new IscsicliError(INVALID_PARAMETER, `Invalid address: ${word.slice(0, 40)}...`);
}

/** A secret: text, or its octets in hexadecimal digits behind 0x. */
export function secretOf(word: string, otherwise: number = Isdsc.TARGET_SECRET_INVALID): string {
  const digits = /^0x((?:[0-9a-fA-F]{2})+)$/.exec(word)?.[1];
  const secret = digits === undefined ? word : textOf(Uint8Array.fromHex(digits));
  const { length } = new TextEncoder().encode(secret);
  if (length >= 12 && length <= 16) return secret;
  throw new IscsicliError(otherwise);
}

function textOf(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new IscsicliError(INVALID_PARAMETER, "The secret is not text");
  }
}

/** A LUN of a command to a session: a number, or eight octets as SAM-5 has them. */
export function lunOf(word: string): number {
  const full = /^0x([0-9a-fA-F]{16})$/.exec(word)?.[1];
  const lun = full === undefined ? numberOf(word) : Number.parseInt(full.slice(0, 4), 16) & 0x3fff;
  if (/^(?:0x[0-9a-f]+|\d+)$/i.test(word) && lun >= 0 && lun < 0x4000) return lun;
  throw new IscsicliError(INVALID_PARAMETER, `Invalid LUN: ${word}`);
}

export function socketOf(word: string): number {
  const port = numberOf(word);
  if (port >= 1 && port <= 65535) return port;
  throw new IscsicliError(INVALID_PARAMETER, `Invalid socket: ${word}`);
}
