/** Resolves host names as every program of the machine does: its hosts file, then its resolvers. */
import { lookup } from "node:dns/promises";
import { type IpAddress, parsePeerAddress } from "./ip_address.ts";

/** Which of `code` means what; the rest is shown as it is. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no host of that name, or no resolver knows it",
  ENODATA: "that name has no address",
  EAI_AGAIN: "the resolver cannot be reached",
  ETIMEOUT: "the resolver did not answer",
};

/** The addresses of a host; an error's message says why there are none. */
export async function resolveHost(host: string): Promise<readonly IpAddress[]> {
  let found: readonly { readonly address: string }[];
  try {
    found = await lookup(host, { all: true });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const code = "code" in cause ? String(cause.code) : "";
    throw new Error(MEANINGS[code] ?? `it cannot be resolved: ${cause.message}`, { cause });
  }
  return found.map(({ address }) => parsePeerAddress(address)).filter((each) => each !== undefined);
}
