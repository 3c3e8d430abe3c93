/** Where something listens, as people write it. */
import type { PortalFacts } from "../lib/config/facts.ts";
import { ISCSI_PORT } from "../lib/iscsi/portal_address.ts";
import { ISNS_PORT } from "../lib/isns/port.ts";

const ADDRESS = /^(?:\[([0-9a-f:.%a-z]+)\]|([^:[\]\s]+)):(\d{1,5})$/i;

const PORTAL = /^(?:\[([0-9a-f:.%a-z]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i;

/** The address that `ADDR:PORT` means; an IPv6 address stands in brackets. */
export function parseAddress(text: string): PortalFacts {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new Error("an address and a port are needed, such as 192.168.1.1:3260 or [::]:3260");
  }
  return { address: (match[1] ?? match[2])!, port };
}

/** The portal that `ADDR[:PORT]` means. */
export function parsePortal(text: string): PortalFacts {
  const portal = parsePlace(text, ISCSI_PORT);
  if (portal !== undefined) return portal;
  throw new Error(`${what(text)} needed, such as 192.168.1.1:3260 or [::]:3260`);
}

/** The iSNS server that `ADDR[:PORT]` means. */
export function parseIsnsServer(text: string): PortalFacts {
  const server = parsePlace(text, ISNS_PORT);
  if (server !== undefined) return server;
  throw new Error(`${what(text)} needed, such as 192.168.1.5, or 192.168.1.5:3205 with a port`);
}

/** What is missing: all of it, or but a port that there is. */
function what(text: string): string {
  return PORTAL.test(text) ? "a port from 1 to 65535 is" : "an address is";
}

function parsePlace(text: string, usualPort: number): PortalFacts | undefined {
  const match = PORTAL.exec(text);
  const port = match?.[3] === undefined ? usualPort : Number(match[3]);
  if (match === null || port < 1 || port > 65_535) return undefined;
  return { address: (match[1] ?? match[2])!, port };
}
