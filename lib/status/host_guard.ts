/**
 * Which requests are for us. A browser that was led here under an attacker's name says so in Host:
 * only the names that we know to be ours are answered.
 */

/** Always ours. The Unix socket is reached under the last of them. */
const LOOPBACK_HOSTS = ["127.0.0.1", "[::1]", "localhost"] as const;

/** A host and perhaps a port, as Host carries them. RFC 9110 7.2. */
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/;

export class HostGuard {
  readonly #hosts: ReadonlySet<string>;

  /** `hosts` are ours besides the loopback's: names and addresses without a port. */
  constructor(hosts: readonly string[] = []) {
    this.#hosts = new Set([...LOOPBACK_HOSTS, ...hosts.map(bracketed)].map(lower));
  }

  /** Whether a Host header, or the authority of a URL, names us. */
  admits(host: string | null): boolean {
    const match = HOST.exec(host ?? "");
    return match !== null && Number(match[2] ?? 0) <= 65535 && this.#hosts.has(lower(match[1]!));
  }
}

/** The names under which a listener on `address` is reached, besides the loopback's. */
export function hostsOf(address: string): string[] {
  if (address !== "0.0.0.0" && address !== "::") return [address];
  const addresses = Deno.networkInterfaces().map((each) => each.address);
  return [...new Set([Deno.hostname(), ...addresses])];
}

/** An IPv6 address as it stands in a URL. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function lower(text: string): string {
  return text.toLowerCase();
}
