/** iSNS servers as they are declared. */
import { hostAndPort, parseTargetAddress } from "../iscsi/portal_address.ts";
import { ISNS_PORT } from "../isns/port.ts";
import { parsePeerAddress } from "../net/ip_address.ts";
import { ControlError } from "./control_error.ts";
import type { IsnsServerFacts, PortalFacts } from "./facts.ts";

/** Servers that targets are registered with; one is usual, and another for when that fails. */
export const MOST_ISNS_SERVERS = 8;

/** What a server has of which nothing else is said. */
export const NEW_ISNS_SERVER = { port: ISNS_PORT } as const;

/** Whether `text` is an address or a host name, in its one spelling. */
export function isServerHost(text: string): boolean {
  if (text !== text.toLowerCase()) return false;
  if (text.includes(":")) return !text.startsWith("[") && parsePeerAddress(text) !== undefined;
  return parseTargetAddress(hostAndPort(text, ISNS_PORT))?.host === text;
}

/** An address or a host name in its one spelling; what is none is refused. */
export function checkServerHost(text: string): string {
  const host = text.toLowerCase();
  if (isServerHost(host)) return host;
  throw new ControlError(
    "usage",
    `${JSON.stringify(text)} is neither an address nor a host name`,
    "use one such as 192.168.1.5 or isns.example.com",
  );
}

/** `HOST:PORT`, which is what a server is called. */
export function isnsServerName({ address, port }: PortalFacts): string {
  return hostAndPort(address, port);
}

/** A server that nobody has been in touch with. */
export function untriedServer(
  { address, port }: PortalFacts,
  state: "stopped" | "connecting",
): IsnsServerFacts {
  return { address, port, state, targets: null, portals: [], error: null };
}
