/** `sanctl initiator isns …`: name servers that are asked which targets there are. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { NEW_ISNS_SERVER } from "../isns_server_argument.ts";

const SERVER_ARGUMENT = {
  ...NEW_ISNS_SERVER,
  brief: "A server that was added",
  async proposeCompletions(this: Context) {
    try {
      return (await (await this.initiator()).listIsnsServers()).map(formatAddress);
    } catch {
      return [];
    }
  },
} as const;

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/initiator_isns_list.ts"),
  parameters: {},
  docs: { brief: "List the servers, and how many targets each shows" },
});

const add = buildCommand<Record<never, never>, [server: PortalFacts], Context>({
  loader: () => import("../commands/initiator_isns_add.ts"),
  parameters: { positional: { kind: "tuple", parameters: [NEW_ISNS_SERVER] } },
  docs: {
    brief: "Ask a server which targets there are, now and from now on",
    fullDescription:
      "Registers this initiator with an iSNS server and asks it which targets there are. Which it\n" +
      "shows is for its discovery domains to say. It tells of changes as they happen where it can\n" +
      "reach this machine, and is asked every minute in any case.",
  },
});

const remove = buildCommand<Record<never, never>, [server: PortalFacts], Context>({
  loader: () => import("../commands/initiator_isns_remove.ts"),
  parameters: { positional: { kind: "tuple", parameters: [SERVER_ARGUMENT] } },
  docs: { brief: "Ask a server no more; sessions stay" },
});

const refresh = buildCommand<Record<never, never>, [server?: PortalFacts], Context>({
  loader: () => import("../commands/initiator_isns_refresh.ts"),
  parameters: {
    positional: { kind: "tuple", parameters: [{ ...SERVER_ARGUMENT, optional: true }] },
  },
  docs: { brief: "Ask one server, or all of them, again" },
});

export const initiatorIsnsRoutes = buildRouteMap({
  routes: { list, add, remove, refresh },
  docs: { brief: "iSNS servers: name servers that know which targets there are" },
});
