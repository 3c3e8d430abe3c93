/** The address of a network adapter: six octets, as `00-15-17-0B-0E-F6` or with colons. */

const FORM = /^[0-9a-f]{2}(?:(-)[0-9a-f]{2}(?:-[0-9a-f]{2}){4}|(?::[0-9a-f]{2}){5})$/i;
/** IEEE 802: the lowest bit of the first octet is that of a group. */
const GROUP_BIT = 1;

export class HardwareAddressError extends Error {
  override readonly name = "HardwareAddressError";
}

/** Whether the text has the form of one. */
export function isHardwareAddress(text: string): boolean {
  return FORM.test(text);
}

/** The one spelling of an adapter's address, with dashes. */
export function normaliseHardwareAddress(text: string): string {
  if (!isHardwareAddress(text)) {
    throw new HardwareAddressError("it is six octets in hexadecimal, with dashes or colons");
  }
  const address = text.replaceAll(":", "-").toUpperCase();
  if ((parseInt(address.slice(0, 2), 16) & GROUP_BIT) !== 0) {
    throw new HardwareAddressError("it is the address of a group, and no adapter's");
  }
  if (address === "00-00-00-00-00-00") throw new HardwareAddressError("it is no adapter's");
  return address;
}
