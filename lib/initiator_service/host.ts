/** Where another machine is: an address, or a name of it. */
import { ControlError } from "../config/control_error.ts";
import { hostAndPort } from "../iscsi/portal_address.ts";
import type { PortalFacts } from "./facts.ts";

/** IPv6 without brackets; what else it may be is for the resolver to say. */
const HOST = /^(?:[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?|[\w.-]{1,253})$/;

export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** Refuses what cannot be one. */
export function checkPortal({ address, port }: PortalFacts): PortalFacts {
  if (isPlace({ address, port })) return { address: address.toLowerCase(), port };
  throw new ControlError(
    "usage",
    `${JSON.stringify(`${address}:${port}`)} is no portal`,
    "give an address or a host name, and a port, such as 192.168.1.1:3260",
  );
}

/** Refuses what cannot be an iSNS server. */
export function checkIsnsServer({ address, port }: PortalFacts): PortalFacts {
  if (isPlace({ address, port })) return { address: address.toLowerCase(), port };
  throw new ControlError(
    "usage",
    `${JSON.stringify(`${address}:${port}`)} is no iSNS server`,
    "give an address or a host name, and a port, such as 192.168.1.5:3205",
  );
}

function isPlace({ address, port }: PortalFacts): boolean {
  return isHost(address) && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

export function checkSourceAddress(text: string): string {
  if (isHost(text)) return text;
  throw new ControlError(
    "usage",
    `${JSON.stringify(text)} is no address of this machine`,
    "give one of its addresses, such as 192.168.1.101",
  );
}

/** `192.168.1.1:3260`. */
export function portalText({ address, port }: PortalFacts): string {
  return hostAndPort(address, port);
}

export function isSamePortal(a: PortalFacts, b: PortalFacts): boolean {
  return a.address === b.address && a.port === b.port;
}
