/** Names of hosts, as the domain name system has them. RFC 1123 2.1. */

const MOST_CHARACTERS = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name that ends like this is taken for an address by one program or another. */
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/;

export class HostNameError extends Error {
  override readonly name = "HostNameError";
}

/** The one spelling of a name: small letters, no period at its end. */
export function normaliseHostName(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, "");
  const labels = name.split(".");
  if (name.length > MOST_CHARACTERS || !labels.every((label) => LABEL.test(label))) {
    throw new HostNameError(
      "a host name is letters, digits and dashes, with periods between (others as xn--…)",
    );
  }
  if (NUMBER.test(labels.at(-1)!)) throw new HostNameError("a host name does not end in a number");
  return name;
}

/** Whether the text can only be meant as the whole name of a host, with its domain. */
export function isFullHostName(text: string): boolean {
  try {
    return normaliseHostName(text).includes(".");
  } catch (error) {
    if (error instanceof HostNameError) return false;
    throw error;
  }
}
