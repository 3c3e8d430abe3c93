/** Octets that all connections of a node hold together for one purpose. */
export interface OctetCount {
  octets: number;
}
