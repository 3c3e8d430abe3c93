/** IPv4 and IPv6 addresses as numbers: text has too many forms of the same one to be compared. */

/** An address, or the addresses that begin with its first `prefixLength` bits. */
export interface AddressRange {
  /** 4 or 16 octets. */
  readonly octets: Uint8Array;
  readonly prefixLength: number;
}

/** Four decimal numbers without leading zeros, which some readers take for octal. */
const IPV4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/;

/** The octets of an address; an IPv4 address mapped into IPv6 comes out as IPv4. */
export function parseAddress(text: string): Uint8Array | undefined {
  const octets = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
  return octets !== undefined && isMapped(octets) ? octets.slice(12) : octets;
}

/** `ADDRESS` or `ADDRESS/PREFIX-LENGTH`. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address, prefix, ...rest] = text.split("/");
  const octets = parseAddress(address!);
  if (octets === undefined || rest.length > 0) return undefined;
  const bits = octets.length * 8;
  if (prefix === undefined) return { octets, prefixLength: bits };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix)) return undefined;
  // The prefix of a mapped address counts the 96 bits that mark it as mapped.
  const mapped = octets.length === 4 && address!.includes(":");
  const prefixLength = Number(prefix) - (mapped ? 96 : 0);
  return prefixLength < 0 || prefixLength > bits ? undefined : { octets, prefixLength };
}

/** The text of an address, by RFC 5952 for IPv6. */
export function formatAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(octets[at]! << 8 | octets[at + 1]!);
  const [from, length] = longestZeros(groups);
  const text = groups.map((group) => group.toString(16));
  if (length < 2) return text.join(":");
  return `${text.slice(0, from).join(":")}::${text.slice(from + length).join(":")}`;
}

/** The text of a range, its host bits cleared. */
export function formatAddressRange({ octets, prefixLength }: AddressRange): string {
  if (prefixLength === octets.length * 8) return formatAddress(octets);
  const network = octets.map((octet, at) => octet & maskOf(prefixLength - at * 8));
  return `${formatAddress(network)}/${prefixLength}`;
}

/** The mask of one octet of which `bits` belong to the prefix. */
function maskOf(bits: number): number {
  return 0xff00 >>> Math.min(Math.max(bits, 0), 8) & 0xff;
}

function parseIPv4(text: string): Uint8Array | undefined {
  const match = IPV4.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1).map(Number);
  return numbers.some((number) => number > 255) ? undefined : Uint8Array.from(numbers);
}

function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** The octets of colon-separated groups, of which the last may be an IPv4 address. RFC 4291 2.2. */
function parseGroups(text: string, ends: boolean): number[] | undefined {
  if (text === "") return [];
  const octets: number[] = [];
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      octets.push(value >>> 8, value & 0xff);
      continue;
    }
    const embedded = ends && at === groups.length - 1 ? parseIPv4(group) : undefined;
    if (embedded === undefined) return undefined;
    octets.push(...embedded);
  }
  return octets;
}

/** RFC 4291 2.5.5.2. */
function isMapped(octets: Uint8Array): boolean {
  if (octets.length !== 16 || octets[10] !== 0xff || octets[11] !== 0xff) return false;
  return octets.subarray(0, 10).every((octet) => octet === 0);
}

function longestZeros(groups: readonly number[]): [from: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best[1]) best = [from, length];
  }
  return best;
}
