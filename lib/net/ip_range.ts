/** Addresses with a common prefix, written `ADDRESS/LENGTH`; an address alone is a range of one. */
import {
  formatIpAddress,
  type IpAddress,
  isMapped,
  isSameAddress,
  parseIpAddress,
  parseIpv6,
} from "./ip_address.ts";

/** A text that is no range; the message says why. */
export class IpRangeError extends Error {
  override readonly name = "IpRangeError";
}

export class IpRange {
  readonly #prefix: IpAddress;
  readonly #length: number;

  private constructor(prefix: IpAddress, length: number) {
    this.#prefix = prefix;
    this.#length = length;
  }

  /** Reads a range; throws IpRangeError where the text is none, or could mean two things. */
  static parse(text: string): IpRange {
    const slash = text.indexOf("/");
    const addressText = slash < 0 ? text : text.slice(0, slash);
    const address = parseIpAddress(addressText);
    if (address === undefined) throw new IpRangeError(faultOf(addressText));
    const bits = address.length * 8;
    if (slash < 0) return new IpRange(address, bits);
    const length = prefixLengthOf(text.slice(slash + 1), addressText);
    if (length === undefined || length > bits) {
      throw new IpRangeError(`the prefix of ${addressText} has 0 to ${bits} bits`);
    }
    const range = new IpRange(masked(address, length), length);
    if (isSameAddress(range.#prefix, address)) return range;
    throw new IpRangeError(
      `${text} has bits behind its prefix: the network is ${range}, the host ` +
        formatIpAddress(address),
    );
  }

  /** True for a range of one address. */
  get isSingle(): boolean {
    return this.#length === this.#prefix.length * 8;
  }

  contains(address: IpAddress): boolean {
    return isSameAddress(masked(address, this.#length), this.#prefix);
  }

  toString(): string {
    const address = formatIpAddress(this.#prefix);
    return this.isSingle ? address : `${address}/${this.#length}`;
  }
}

/** The address with nothing but zeros behind its first bits. */
function masked(address: IpAddress, length: number): IpAddress {
  return address.map((octet, at) => {
    const bits = Math.min(8, Math.max(0, length - 8 * at));
    return octet & (0xff00 >> bits) & 0xff;
  });
}

/** Of a wrapped IPv4 address too, whose prefix is written as one of IPv6. */
function prefixLengthOf(text: string, addressText: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,2})$/.test(text)) return undefined;
  const length = Number(text);
  const whole = addressText.includes(":") ? parseIpv6(addressText) : undefined;
  if (whole === undefined || !isMapped(whole)) return length;
  return length < 96 ? undefined : length - 96;
}

/** What is wrong with it, for those who know it from programs that take it. */
function faultOf(text: string): string {
  if (text.includes("%")) return `"${text}" has a zone, which means nothing to other machines`;
  if (/^(?:[^:]*\.)?0[0-9]+\./.test(text)) {
    return `"${text}" has leading zeros, which may be octal or not`;
  }
  if (/(^|\.)0x/i.test(text)) return `"${text}" is written in hexadecimal`;
  return `"${text}" is no IP address`;
}
