/** Resolves host names as every program of the machine does: its hosts file, then its resolvers. */
import { lookup } from "node:dns/promises";
import { type IpAddress, parsePeerAddress } from "./ip_address.ts";
import { NoAnswer } from "./remembered.ts";

/** What codes of getaddrinfo(3) mean. */
const NO_HOST = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA"]);

/** The addresses of a host; an error's message says why there are none, or none are known. */
export async function resolveHost(host: string): Promise<readonly IpAddress[]> {
  let found: readonly { readonly address: string }[];
  try {
    found = await lookup(host, { all: true });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const code = "code" in cause ? String(cause.code) : "";
    if (NO_HOST.has(code)) throw new Error("there is no host of that name", { cause });
    throw new NoAnswer(`no resolver answers: ${code || cause.message}`, { cause });
  }
  return found.map(({ address }) => parsePeerAddress(address)).filter((each) => each !== undefined);
}
