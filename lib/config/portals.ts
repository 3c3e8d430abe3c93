/** Portals as they are declared: read, compared, and made into those of the target. */
import { hostAndPort, ISCSI_PORT, parseTargetAddress } from "../iscsi/portal_address.ts";
import { formatIpAddress, parseIpAddress } from "../net/ip_address.ts";
import { DEFAULT_PORTAL_GROUP_TAG, type Portal, portalAt } from "../target/portal.ts";
import { ControlError } from "./control_error.ts";
import type { PortalFacts, SessionFacts } from "./facts.ts";
import type { DeclaredPortal } from "./schema.ts";

/** What a portal has of which nothing else is said. */
export const NEW_PORTAL = {
  port: ISCSI_PORT,
  group: DEFAULT_PORTAL_GROUP_TAG,
  advertise: null,
} as const;

/** Where the service listens as long as nobody declares a portal: at every address. */
export const DEFAULT_PORTALS: readonly DeclaredPortal[] = [{ address: "::", ...NEW_PORTAL }];

/** Declared, or the default. */
export function declaredPortals(portals: readonly DeclaredPortal[] | undefined) {
  return portals ?? DEFAULT_PORTALS;
}

/** `ADDRESS:PORT`, which is what a portal is called. */
export function portalName({ address, port }: PortalFacts): string {
  return hostAndPort(address, port);
}

/** The portal as the target knows it. */
export function portalOf({ address, port, group, advertise }: DeclaredPortal): Portal {
  const advertised = advertise === null ? undefined : parseTargetAddress(advertise);
  return { address, port, portalGroupTag: group, advertised };
}

/** Whether `text` is the one spelling of an IP address. */
export function isPortalAddress(text: string): boolean {
  const octets = parseIpAddress(text);
  return octets !== undefined && formatIpAddress(octets) === text;
}

/** Whether `text` is a host and a port, in their one spelling. */
export function isAdvertised(text: string): boolean {
  const address = parseTargetAddress(text);
  return address?.portalGroupTag === undefined && advertisedText(address) === text;
}

/** An address of this machine in its one spelling; what is none is refused. */
export function checkPortalAddress(text: string): string {
  const octets = parseIpAddress(text);
  if (octets !== undefined) return formatIpAddress(octets);
  throw new ControlError(
    "usage",
    `${JSON.stringify(text)} is not an IP address to listen on`,
    "use one of this machine, such as 192.168.1.1, or [::] for all",
  );
}

export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 0xffff) return port;
  throw new ControlError("usage", `${port} is not a TCP port`, "use 1 to 65535; 3260 is usual");
}

/** RFC 7143 13.9: 16 bits; zero is no relative port identifier. */
export function checkGroup(group: number): number {
  if (Number.isInteger(group) && group >= 1 && group <= 0xffff) return group;
  throw new ControlError("usage", `${group} is not a portal group tag`, "use 1 to 65535");
}

/** Where initiators are told to come, in its one spelling; without a port it is 3260. */
export function checkAdvertised(text: string): string {
  const address = parseTargetAddress(text);
  const advertised = address?.portalGroupTag === undefined ? advertisedText(address) : undefined;
  if (advertised !== undefined) return advertised;
  throw new ControlError(
    "usage",
    `${JSON.stringify(text)} is not where initiators could come to`,
    "use HOST:PORT, such as san.example.com:3260 or 203.0.113.7:3260",
  );
}

function advertisedText(address: ReturnType<typeof parseTargetAddress>): string | undefined {
  return address && hostAndPort(address.host.toLowerCase(), address.port);
}

/** Sessions with a connection that came to a portal, as `isMeant` judges that. */
export function sessionsAt<P extends PortalFacts>(
  portals: readonly P[],
  sessions: readonly SessionFacts[],
  isMeant: (portal: P | undefined, session: SessionFacts) => boolean,
): SessionFacts[] {
  return sessions.filter((session) =>
    session.connections.some((connection) => {
      const { host, port } = parseTargetAddress(connection.portal)!;
      return isMeant(portalAt(portals, host, port), session);
    })
  );
}

/** Sessions that have no place any more: their portal is gone, or in another group. */
export function sessionsWithout(
  portals: readonly DeclaredPortal[],
  sessions: readonly SessionFacts[],
): SessionFacts[] {
  return sessionsAt(portals, sessions, (portal, { portalGroup }) => portal?.group !== portalGroup);
}
