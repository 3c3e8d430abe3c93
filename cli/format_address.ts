/** Where something listens, as people read it: `parseAddress` the other way round. */
import type { PortalFacts } from "../lib/config/facts.ts";
import { hostAndPort } from "../lib/target/portal.ts";

export function formatAddress({ address, port }: PortalFacts): string {
  return hostAndPort(address, port);
}
