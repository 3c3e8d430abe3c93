/** `sanctl initiator persistent …`: logins that are restored whenever the service begins. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import { parsePortal } from "../address.ts";
import type { Context } from "../context.ts";
import { TARGET_IQN_ARGUMENT } from "./initiator_arguments.ts";

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/initiator_persistent_list.ts"),
  parameters: {},
  docs: { brief: "List the logins that are restored" },
});

export interface PersistentRemoveFlags {
  readonly portal?: PortalFacts;
}

const remove = buildCommand<PersistentRemoveFlags, [target: string], Context>({
  loader: () => import("../commands/initiator_persistent_remove.ts"),
  parameters: {
    flags: {
      portal: {
        kind: "parsed",
        parse: parsePortal,
        optional: true,
        placeholder: "ADDR:PORT",
        brief: "Only the path to this portal",
      },
    },
    positional: { kind: "tuple", parameters: [TARGET_IQN_ARGUMENT] },
  },
  docs: { brief: "Restore a login no more; its sessions stay" },
});

export const initiatorPersistentRoutes = buildRouteMap({
  routes: { list, remove },
  docs: { brief: "Persistent logins: restored whenever the service begins" },
});
