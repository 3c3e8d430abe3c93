/** Where something listens, as people read it: `parseAddress` the other way round. */
import type { PortalFacts } from "../lib/config/facts.ts";
import { hostAndPort } from "../lib/iscsi/portal_address.ts";

export function formatAddress({ address, port }: PortalFacts): string {
  return hostAndPort(address, port);
}
