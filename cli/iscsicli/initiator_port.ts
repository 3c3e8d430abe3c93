/**
 * The one adapter that there is, under the name that Windows gives it, and its ports: the addresses
 * of this machine in their order, by number.
 */
import { IscsicliError, Isdsc } from "./isdsc.ts";
import { INITIATOR_INSTANCE } from "./names.ts";
import { isStar, numberOf } from "./words.ts";

/** As a number of 32 bits: any port. */
const ANY_PORT = [-1, 0xffff_ffff];

/** Refuses an adapter that is not there. */
export function checkInstance(word: string | undefined): void {
  if (word === undefined || isStar(word)) return;
  if (word.toLowerCase() === INITIATOR_INSTANCE.toLowerCase()) return;
  throw new IscsicliError(Isdsc.INITIATOR_INSTANCE_NOT_FOUND);
}

/** The address behind the number of a port; undefined: the machine chooses. */
export function sourceAddressOf(
  word: string | undefined,
  addresses: readonly string[],
): string | undefined {
  if (word === undefined || isStar(word)) return undefined;
  const number = numberOf(word);
  if (ANY_PORT.includes(number)) return undefined;
  const address = /^(?:0x[0-9a-f]+|\d+)$/i.test(word) ? addresses[number] : undefined;
  if (address !== undefined) return address;
  throw new IscsicliError(Isdsc.INVALID_PORT_NUMBER);
}

/** How lists show the port that a session comes from. */
export function portNumberText(source: string | null, addresses: readonly string[]): string {
  const at = source === null ? -1 : addresses.indexOf(source);
  return at < 0 ? "<Any Port>" : String(at);
}

/** The addresses of this machine that other machines may reach. */
export function ownAddresses(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address)
    .filter((address) => !/^(?:127\.|::1$|fe80:)/i.test(address));
}
