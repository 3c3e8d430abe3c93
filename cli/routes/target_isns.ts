/** `sanctl target isns …`: name servers that initiators can find the targets by. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { NEW_ISNS_SERVER } from "../isns_server_argument.ts";
import { namesOf } from "../parameters.ts";

const SERVER_ARGUMENT = {
  ...NEW_ISNS_SERVER,
  brief: "A server that was added",
  proposeCompletions(this: Context) {
    return namesOf(
      this,
      async (control) =>
        (await control.listIsnsServers()).map((server) => ({ name: formatAddress(server) })),
    );
  },
} as const;

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/target_isns_list.ts"),
  parameters: {},
  docs: { brief: "List the servers, and what each knows" },
});

const add = buildCommand<Record<never, never>, [server: PortalFacts], Context>({
  loader: () => import("../commands/target_isns_add.ts"),
  parameters: { positional: { kind: "tuple", parameters: [NEW_ISNS_SERVER] } },
  docs: {
    brief: "Register the targets with a server, now and whenever they change",
    fullDescription:
      "Registers every target that anybody may log in to with an iSNS server, and the portals that\n" +
      "lead to them: a portal at every address with the one by which the server is reached. Who\n" +
      "finds a target is for the server's discovery domains to say; who may log in stays for the\n" +
      "target's access list. While the server is away it is tried again, and status says so.",
  },
});

const remove = buildCommand<Record<never, never>, [server: PortalFacts], Context>({
  loader: () => import("../commands/target_isns_remove.ts"),
  parameters: { positional: { kind: "tuple", parameters: [SERVER_ARGUMENT] } },
  docs: { brief: "Take the targets out of a server" },
});

export const isnsRoutes = buildRouteMap({
  routes: { list, add, remove },
  docs: { brief: "iSNS servers: name servers that initiators can find the targets by" },
});
