/**
 * Where a portal is, as text: `192.0.2.1:3260`, `[2001:db8::1]:3260`, `san.example:3260`, and
 * behind a comma its portal group tag. RFC 7143 13.8.
 */

/** The port of iSCSI where none is said. RFC 7143 4.2.7.1 leaves it to IANA. */
export const ISCSI_PORT = 3260;

export interface PortalAddress {
  /** A name, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What TargetAddress says. */
export interface TargetAddress extends PortalAddress {
  readonly portalGroupTag: number | undefined;
}

const FORM =
  /^(?:\[([0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?)\]|([\w.-]{1,253}))(?::(\d{1,5}))?(?:,(\d{1,5}))?$/;

/** An address with its port; IPv6 goes in brackets. */
export function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Reads a value of TargetAddress; undefined where it is none. */
export function parseTargetAddress(text: string): TargetAddress | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, ipv6, host, portText, tagText] = match;
  const port = portText === undefined ? ISCSI_PORT : Number(portText);
  const tag = tagText === undefined ? undefined : Number(tagText);
  if (port < 1 || port > 0xffff || (tag ?? 0) > 0xffff) return undefined;
  if (ipv6 !== undefined && !ipv6.includes(":")) return undefined;
  return { host: ipv6 ?? host!, port, portalGroupTag: tag };
}
