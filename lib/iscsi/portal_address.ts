/** Where a portal is, as text: `192.0.2.1:3260`, `[2001:db8::1]:3260`, `san.example:3260`. */

/** An address with its port; IPv6 goes in brackets. RFC 7143 13.8. */
export function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
