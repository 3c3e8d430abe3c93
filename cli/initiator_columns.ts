/** What tables show of what the initiator has. */
import type {
  DiscoveryPortalFacts,
  InitiatorDeviceFacts,
  InitiatorSessionFacts,
  IsnsServerFacts,
  KnownTargetFacts,
  PersistentLoginFacts,
} from "../lib/initiator_service/control.ts";
import { attachmentText } from "./attachment.ts";
import { formatAddress } from "./format_address.ts";
import type { Column } from "./output.ts";
import { formatSize } from "./size.ts";

export const portalColumns: readonly Column<DiscoveryPortalFacts>[] = [
  { heading: "PORTAL", value: formatAddress },
  { heading: "TARGETS", align: "right", value: ({ targets }) => targets ?? "" },
  { heading: "CHAP", value: ({ chapUser }) => chapUser ?? "" },
  { heading: "ASKED", value: ({ askedAt }) => askedAt ?? "never" },
  { heading: "ERROR", value: ({ error }) => error ?? "" },
];

export const isnsServerColumns: readonly Column<IsnsServerFacts>[] = [
  { heading: "SERVER", value: formatAddress },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "TARGETS", align: "right", value: ({ targets }) => targets ?? "" },
  { heading: "NOTIFIES", value: ({ notifies }) => notifies ? "yes" : "no" },
  { heading: "ASKED", value: ({ askedAt }) => askedAt ?? "never" },
  { heading: "ERROR", value: ({ error }) => error ?? "" },
];

export const targetColumns: readonly Column<KnownTargetFacts>[] = [
  { heading: "TARGET", value: ({ iqn }) => iqn },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "SESSIONS", align: "right", value: ({ sessions }) => sessions },
  { heading: "PORTALS", value: ({ portals }) => portals.map(formatAddress).join(" ") },
];

export const sessionColumns: readonly Column<InitiatorSessionFacts>[] = [
  { heading: "SESSION", value: ({ id }) => id },
  { heading: "TARGET", value: ({ target }) => target },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "SOURCE", value: ({ source }) => source === null ? "" : formatAddress(source) },
  { heading: "PORTAL", value: ({ portal }) => formatAddress(portal) },
  { heading: "CONNECTIONS", align: "right", value: ({ connections }) => connections },
  { heading: "PERSISTENT", value: ({ persistent }) => persistent ? "yes" : "no" },
  { heading: "LOST", align: "right", value: ({ losses }) => losses },
  { heading: "ERROR", value: ({ error }) => error ?? "" },
];

export const persistentColumns: readonly Column<PersistentLoginFacts>[] = [
  { heading: "TARGET", value: ({ target }) => target },
  { heading: "LOGGED IN", value: ({ loggedIn }) => loggedIn ? "yes" : "no" },
  { heading: "MULTIPATH", value: ({ multipath }) => multipath ? "yes" : "no" },
  { heading: "CHAP", value: ({ chapUser }) => chapUser ?? "" },
  {
    heading: "PORTALS",
    value: ({ paths }) => paths.map(({ portal }) => formatAddress(portal)).join(" "),
  },
  { heading: "ERROR", value: ({ error }) => error ?? "" },
];

export const deviceColumns: readonly Column<InitiatorDeviceFacts>[] = [
  { heading: "DEVICE", value: ({ name }) => name },
  { heading: "SIZE", align: "right", value: ({ size }) => size === null ? "" : formatSize(size) },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "POLICY", value: ({ policy }) => policy },
  { heading: "PATHS", value: ({ paths }) => `${paths.filter(isThere).length} of ${paths.length}` },
  { heading: "BOUND", value: ({ bound }) => bound ? "yes" : "no" },
  {
    heading: "ATTACHED",
    value: ({ attached }) => attached === null ? "no" : attachmentText(attached),
  },
];

function isThere({ state }: InitiatorDeviceFacts["paths"][number]): boolean {
  return state === "active" || state === "standby";
}
