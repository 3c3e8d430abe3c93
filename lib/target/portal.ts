/**
 * A network portal: where a target listens, and the portal group that it belongs to. RFC 7143
 * 4.2.1, 4.4.1. Which addresses an initiator is told of depends on how it came here.
 */
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import type { Endpoint } from "./endpoint.ts";

export interface Portal {
  /** As listened on: `0.0.0.0` and `::` stand for every address of the machine. */
  readonly address: string;
  readonly port: number;
  readonly portalGroupTag: number;
  /** What initiators are told instead, where they reach it by another address or name. */
  readonly advertised?: PortalAddress | undefined;
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
  return isWildcard(wildcard) && (wildcard === "::" || !address.includes(":"));
}

/** Whether who comes to `other` is taken by a socket on `portal` as well. */
export function covers(portal: Listener, other: Listener): boolean {
  return portal.port === other.port && portal.address !== other.address &&
    takes(portal.address, other.address);
}

type Listener = Pick<Portal, "address" | "port">;

/** The portal at a local address: named exactly, or else by a wildcard. */
export function portalAt<P extends Listener>(
  portals: Iterable<P>,
  address: string,
  port: number,
): P | undefined {
  const local = plainAddress(address);
  let byWildcard: P | undefined;
  for (const portal of portals) {
    if (portal.port !== port) continue;
    const listening = plainAddress(portal.address);
    if (listening === local) return portal;
    if (takes(listening, local)) byWildcard ??= portal;
  }
  return byWildcard;
}

/** The group of the portal at a local address. */
export function portalGroupTagAt(portals: Iterable<Portal>, address: string, port: number): number {
  return portalAt(portals, address, port)?.portalGroupTag ?? DEFAULT_PORTAL_GROUP_TAG;
}

/** Where initiators are told to come. */
export interface PortalPlace extends PortalAddress {
  readonly portalGroupTag: number;
}

/**
 * Where initiators are told to come by who reaches us, or is reached, by a local address: to every
 * portal, where a wildcard becomes that address, and a loopback address is for this machine.
 */
export function* portalPlaces(
  portals: Iterable<Portal>,
  localAddress: string,
): Generator<PortalPlace> {
  const known = [...portals];
  const local = plainAddress(localAddress);
  for (const portal of known) {
    const { address, port, portalGroupTag, advertised } = portal;
    const listening = plainAddress(address);
    if (advertised !== undefined) {
      yield { host: advertised.host, port: advertised.port, portalGroupTag };
    } else if (isWildcard(listening)) {
      // A portal that names the address itself tells of it.
      const isItsOwn = takes(listening, local) && portalAt(known, local, port) === portal;
      if (isItsOwn) yield { host: local, port, portalGroupTag };
    } else if (!isLoopback(listening) || isLoopback(local)) {
      yield { host: listening, port, portalGroupTag };
    }
  }
}

/** The values of TargetAddress (RFC 7143 13.8) to tell the peer of a connection. */
export function targetAddresses(portals: Iterable<Portal>, endpoint: Endpoint): readonly string[] {
  const places = portalPlaces(portals, endpoint.localAddress);
  const values = new Set(Array.from(places, targetAddress));
  // A target without an address would be no target: the peer is told at least the way it came.
  if (values.size === 0) {
    const { localAddress, localPort: port, portalGroupTag } = endpoint;
    values.add(targetAddress({ host: plainAddress(localAddress), port, portalGroupTag }));
  }
  return [...values];
}

function targetAddress({ host, port, portalGroupTag }: PortalPlace): string {
  return `${hostAndPort(host, port)},${portalGroupTag}`;
}
