/** `sanctl target portal …`: where initiators can come to. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import { parsePortal } from "../address.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import { FORCE_FLAG, namesOf, parseWholeNumber, textFlag, YES_FLAG } from "../parameters.ts";

const NEW_PORTAL_ARGUMENT = {
  brief: "An address of this machine and a port; 3260 without a port",
  placeholder: "ADDR:PORT",
  parse: parsePortal,
} as const;

const PORTAL_ARGUMENT = {
  brief: "A portal that is declared",
  placeholder: "ADDR:PORT",
  parse: parsePortal,
  proposeCompletions(this: Context) {
    return namesOf(
      this,
      async (control) =>
        (await control.listPortals()).filter(({ declared }) => declared)
          .map((portal) => ({ name: formatAddress(portal) })),
    );
  },
} as const;

const GROUP_FLAG = {
  kind: "parsed",
  parse: parseWholeNumber,
  optional: true,
  placeholder: "N",
} as const;

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/target_portal_list.ts"),
  parameters: {},
  docs: { brief: "List the portals, and who came to which" },
});

export interface PortalAddFlags {
  readonly group?: number;
  readonly advertise?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const add = buildCommand<PortalAddFlags, [portal: PortalFacts], Context>({
  loader: () => import("../commands/target_portal_add.ts"),
  parameters: {
    flags: {
      group: { ...GROUP_FLAG, brief: "Its portal group tag; 1 without" },
      advertise: textFlag("HOST:PORT", "What initiators are told instead: behind NAT, for one"),
      force: FORCE_FLAG,
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [NEW_PORTAL_ARGUMENT] },
  },
  docs: {
    brief: "Listen at one more address, at once if the service runs",
    fullDescription:
      "Listens at one more address and port, at once if the service runs. The first one that is\n" +
      "added takes the place of the default: every address, port 3260.",
  },
});

export interface PortalRemoveFlags {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const remove = buildCommand<PortalRemoveFlags, [portal: PortalFacts], Context>({
  loader: () => import("../commands/target_portal_remove.ts"),
  parameters: {
    flags: { force: FORCE_FLAG, yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [PORTAL_ARGUMENT] },
  },
  docs: { brief: "Listen at a portal no more" },
});

export interface PortalSetFlags {
  readonly address?: string;
  readonly port?: number;
  readonly group?: number;
  readonly advertise?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const set = buildCommand<PortalSetFlags, [portal: PortalFacts], Context>({
  loader: () => import("../commands/target_portal_set.ts"),
  parameters: {
    flags: {
      address: textFlag("ADDR", "Another address of this machine"),
      port: {
        kind: "parsed",
        parse: parseWholeNumber,
        optional: true,
        placeholder: "PORT",
        brief: "Another TCP port",
      },
      group: { ...GROUP_FLAG, brief: "Another portal group tag" },
      advertise: textFlag("HOST:PORT", "What initiators are told; empty for the address itself"),
      force: FORCE_FLAG,
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [PORTAL_ARGUMENT] },
  },
  docs: { brief: "Move a portal to another port or address, or change what is told of it" },
});

export const portalRoutes = buildRouteMap({
  routes: { list, add, remove, set },
  docs: { brief: "Portals: where initiators can come to" },
});
