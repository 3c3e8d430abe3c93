/** `sanctl initiator portal …`: who is asked which targets there are. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import { parsePortal } from "../address.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { ACCOUNT_FLAGS, type AccountFlags, DIGEST_FLAGS, type DigestFlags } from "./account.ts";

const PORTAL_ARGUMENT = {
  brief: "An address or a host name, and a port; 3260 without a port",
  placeholder: "ADDR:PORT",
  parse: parsePortal,
  async proposeCompletions(this: Context) {
    try {
      return (await (await this.initiator()).listPortals()).map(formatAddress);
    } catch {
      return [];
    }
  },
} as const;

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/initiator_portal_list.ts"),
  parameters: {},
  docs: { brief: "List the portals, and how many targets each offers" },
});

export interface InitiatorPortalAddFlags extends AccountFlags, DigestFlags {}

const add = buildCommand<InitiatorPortalAddFlags, [portal: PortalFacts], Context>({
  loader: () => import("../commands/initiator_portal_add.ts"),
  parameters: {
    flags: { ...ACCOUNT_FLAGS, ...DIGEST_FLAGS },
    positional: { kind: "tuple", parameters: [{ ...PORTAL_ARGUMENT, proposeCompletions: none }] },
  },
  docs: { brief: "Ask a portal which targets it has, now and from now on" },
});

const remove = buildCommand<Record<never, never>, [portal: PortalFacts], Context>({
  loader: () => import("../commands/initiator_portal_remove.ts"),
  parameters: { positional: { kind: "tuple", parameters: [PORTAL_ARGUMENT] } },
  docs: { brief: "Ask a portal no more; sessions stay" },
});

const refresh = buildCommand<Record<never, never>, [portal?: PortalFacts], Context>({
  loader: () => import("../commands/initiator_portal_refresh.ts"),
  parameters: {
    positional: { kind: "tuple", parameters: [{ ...PORTAL_ARGUMENT, optional: true }] },
  },
  docs: { brief: "Ask one portal, or all of them, again" },
});

export const initiatorPortalRoutes = buildRouteMap({
  routes: { list, add, remove, refresh },
  docs: { brief: "Portals: who is asked which targets there are" },
});

function none(): string[] {
  return [];
}
