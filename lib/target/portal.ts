/**
 * A network portal: where a target listens, and the portal group that it belongs to. RFC 7143
 * 4.2.1, 4.4.1. Which addresses an initiator is told of depends on how it came here.
 */
import { hostAndPort } from "../iscsi/portal_address.ts";
import type { Endpoint } from "./endpoint.ts";

export interface Portal {
  /** As listened on: `0.0.0.0` and `::` stand for every address of the machine. */
  readonly address: string;
  readonly port: number;
  readonly portalGroupTag: number;
}

/** The group of a connection that came over no known portal. */
export const DEFAULT_PORTAL_GROUP_TAG = 1;

/** An IPv4 address that an IPv6 socket wrapped (RFC 4291 2.5.5.2) becomes plain; the rest stays. */
export function plainAddress(address: string): string {
  const bare = address.startsWith("[") ? address.slice(1, -1) : address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare.toLowerCase();
}

function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function isLoopback(address: string): boolean {
  return address === "::1" || address === "localhost" || address.startsWith("127.");
}

/** `0.0.0.0` takes IPv4 alone; a socket on `::` takes both. */
function takes(wildcard: string, address: string): boolean {
  return wildcard === "::" || !address.includes(":");
}

/** The group of the portal at a local address: named exactly, or else by a wildcard. */
export function portalGroupTagAt(portals: Iterable<Portal>, address: string, port: number): number {
  const local = plainAddress(address);
  let byWildcard: number | undefined;
  for (const portal of portals) {
    if (portal.port !== port) continue;
    const listening = plainAddress(portal.address);
    if (listening === local) return portal.portalGroupTag;
    if (isWildcard(listening) && takes(listening, local)) byWildcard ??= portal.portalGroupTag;
  }
  return byWildcard ?? DEFAULT_PORTAL_GROUP_TAG;
}

/**
 * The values of TargetAddress (RFC 7143 13.8) to tell the peer of a connection: every portal,
 * where a wildcard becomes the address that the peer reached us by, and a loopback address is for
 * this machine.
 */
export function targetAddresses(portals: Iterable<Portal>, endpoint: Endpoint): readonly string[] {
  const local = plainAddress(endpoint.localAddress);
  const values = new Set<string>();
  for (const { address, port, portalGroupTag } of portals) {
    const listening = plainAddress(address);
    if (isWildcard(listening)) {
      if (takes(listening, local)) values.add(targetAddress(local, port, portalGroupTag));
    } else if (!isLoopback(listening) || isLoopback(local)) {
      values.add(targetAddress(listening, port, portalGroupTag));
    }
  }
  // A target without an address would be no target: the peer is told at least the way it came.
  if (values.size === 0) {
    values.add(targetAddress(local, endpoint.localPort, endpoint.portalGroupTag));
  }
  return [...values];
}

function targetAddress(address: string, port: number, portalGroupTag: number): string {
  return `${hostAndPort(address, port)},${portalGroupTag}`;
}
