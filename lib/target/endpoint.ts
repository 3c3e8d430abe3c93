/** The two ends of a connection, as its socket says. */
export interface Endpoint {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Of the portal that took the connection. RFC 7143 4.4.1. */
  readonly portalGroupTag: number;
}
