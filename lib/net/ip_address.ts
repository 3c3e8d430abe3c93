/**
 * IP addresses as octets, read from the one form that cannot be taken for another: no leading
 * zeros, no hexadecimal, no abbreviations, which programs read in different ways.
 */

/** 4 octets of IPv4, or 16 of IPv6. An IPv4 address that IPv6 wraps is the IPv4 address. */
export type IpAddress = Uint8Array;

const IPV4_OCTET = "(?:0|[1-9][0-9]{0,2})";
const IPV4 = new RegExp(`^${IPV4_OCTET}(?:\\.${IPV4_OCTET}){3}$`);
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;
/** RFC 4291 2.5.5.2: `::ffff:0:0/96`. */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** The address; undefined where the text is none in its plain form. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) return parseIpv4(text);
  const octets = parseIpv6(text);
  return octets !== undefined && isMapped(octets) ? octets.slice(MAPPED.length) : octets;
}

/** Where a peer is, as the system says it: maybe in brackets, maybe with a zone. RFC 4007 11. */
export function parsePeerAddress(text: string): IpAddress | undefined {
  const bare = text.startsWith("[") ? text.slice(1, -1) : text;
  const percent = bare.indexOf("%");
  return parseIpAddress(percent < 0 ? bare : bare.slice(0, percent));
}

/** RFC 4291 2.5.5.2: it stands for the IPv4 address in its last four octets. */
export function isMapped(octets: IpAddress): boolean {
  return octets.length === 16 && MAPPED.every((octet, at) => octets[at] === octet);
}

function parseIpv4(text: string): IpAddress | undefined {
  if (!IPV4.test(text)) return undefined;
  const numbers = text.split(".").map(Number);
  return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined;
}

/** RFC 4291 2.2. */
export function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, at) => groupsOf(half, at === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail ?? []];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The numbers between colons; the last two of all may be written as an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const last = isLast ? parseIpv4(parts.at(-1)!) : undefined;
  if (last !== undefined) parts.pop();
  if (!parts.every((part) => GROUP.test(part))) return undefined;
  const groups = parts.map((part) => parseInt(part, 16));
  if (last !== undefined) groups.push(last[0]! << 8 | last[1]!, last[2]! << 8 | last[3]!);
  return groups;
}

/** The one spelling of an address. RFC 5952 for IPv6. */
export function formatIpAddress(octets: IpAddress): string {
  if (octets.length === 4) return octets.join(".");
  const groups = Array.from({ length: GROUPS }, (_, at) => {
    return octets[2 * at]! << 8 | octets[2 * at + 1]!;
  });
  const { start, length } = longestZeros(groups);
  const texts = groups.map((group) => group.toString(16));
  // RFC 5952 4.2.2: one group of zeros alone is not shortened.
  if (length < 2) return texts.join(":");
  return `${texts.slice(0, start).join(":")}::${texts.slice(start + length).join(":")}`;
}

/** RFC 5952 4.2.3: the first of the longest runs. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < GROUPS; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  return longest;
}

export function isSameAddress(one: IpAddress, other: IpAddress): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}
