/** `sanctl target …`: what each verb is called and takes; its action is loaded when called. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import { parseAddress } from "../address.ts";
import type { Context } from "../context.ts";
import {
  FORCE_FLAG,
  NEW_TARGET_ARGUMENT,
  parseWholeNumber,
  SESSION_ARGUMENT,
  switchFlag,
  TARGET_ARGUMENT,
  textFlag,
  YES_FLAG,
} from "../parameters.ts";
import { chap, reverseChap } from "./target_chap.ts";
import { isnsRoutes } from "./target_isns.ts";
import { portalRoutes } from "./target_portal.ts";

export interface ServeFlags {
  readonly portal?: readonly PortalFacts[];
  readonly http?: PortalFacts | "off";
}

const serve = buildCommand<ServeFlags, [], Context>({
  loader: () => import("../commands/target_serve.ts"),
  parameters: {
    flags: {
      portal: {
        kind: "parsed",
        parse: parseAddress,
        optional: true,
        variadic: true,
        placeholder: "ADDR:PORT",
        brief: "Where initiators reach it; every address and port 3260 without",
      },
      http: {
        kind: "parsed",
        parse: (text: string) => text === "off" ? text : parseAddress(text),
        optional: true,
        placeholder: "ADDR:PORT|off",
        brief: "Where the dashboard listens; 127.0.0.1:3262 without",
      },
    },
  },
  docs: {
    brief: "Serve all targets in the foreground until SIGTERM or Ctrl-C",
    fullDescription:
      "Serves all targets in the foreground. Prints one line that begins with `ready` when\n" +
      "every portal listens. SIGTERM or Ctrl-C ends the sessions in order and flushes the disks.",
  },
});

export interface TargetCreateFlags {
  readonly iqn?: string;
  readonly description?: string;
  readonly allow?: readonly string[];
}

const create = buildCommand<TargetCreateFlags, [name: string], Context>({
  loader: () => import("../commands/target_create.ts"),
  parameters: {
    flags: {
      iqn: textFlag("IQN", "The iSCSI name; made of the host's name and the target's without"),
      description: textFlag("TEXT", "What it is for; initiators see it as the target's alias"),
      allow: {
        kind: "parsed",
        parse: String,
        optional: true,
        variadic: true,
        placeholder: "ID",
        brief: "Who may log in: iqn:NAME, dns:HOST, ip:ADDRESS, mac:ADDRESS or any",
      },
    },
    positional: { kind: "tuple", parameters: [NEW_TARGET_ARGUMENT] },
  },
  docs: { brief: "Create a target" },
});

const list = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/target_list.ts"),
  parameters: {},
  docs: { brief: "List the targets" },
});

const show = buildCommand<Record<never, never>, [name: string], Context>({
  loader: () => import("../commands/target_show.ts"),
  parameters: { positional: { kind: "tuple", parameters: [TARGET_ARGUMENT] } },
  docs: { brief: "Show one target with its disks" },
});

export interface TargetSetFlags {
  readonly name?: string;
  readonly iqn?: string;
  readonly description?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const set = buildCommand<TargetSetFlags, [name: string], Context>({
  loader: () => import("../commands/target_set.ts"),
  parameters: {
    flags: {
      name: textFlag("NAME", "A new name"),
      iqn: textFlag("IQN", "A new iSCSI name; initiators must log in again under it"),
      description: textFlag("TEXT", "A new description; an empty one takes it away"),
      force: FORCE_FLAG,
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [TARGET_ARGUMENT] },
  },
  docs: { brief: "Rename a target, or change its IQN or description" },
});

export interface TargetDeleteFlags {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const remove = buildCommand<TargetDeleteFlags, [name: string], Context>({
  loader: () => import("../commands/target_delete.ts"),
  parameters: {
    flags: { force: FORCE_FLAG, yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [TARGET_ARGUMENT] },
  },
  docs: { brief: "Delete a target; its disks and their files stay" },
});

const TARGET_AND_IDS = {
  kind: "array",
  parameter: {
    brief: "The target's name, then who: iqn:NAME, dns:HOST, ip:ADDRESS, mac:ADDRESS or any",
    placeholder: "TARGET ID",
    parse: String,
  },
} as const;

const allow = buildCommand<Record<never, never>, string[], Context>({
  loader: () => import("../commands/target_allow.ts"),
  parameters: { positional: { ...TARGET_AND_IDS, minimum: 1 } },
  docs: {
    brief: "Let initiators log in to a target",
    fullDescription:
      "Lets initiators log in to a target. Without an ID those that came by in the\n" +
      "last seven days are offered for choosing, at a terminal.",
  },
});

export interface TargetDenyFlags {
  readonly yes?: boolean;
}

const deny = buildCommand<TargetDenyFlags, string[], Context>({
  loader: () => import("../commands/target_deny.ts"),
  parameters: { flags: { yes: YES_FLAG }, positional: { ...TARGET_AND_IDS, minimum: 2 } },
  docs: {
    brief: "Take initiators off a target's access list",
    fullDescription:
      "Takes initiators off a target's access list. Who is logged in and may log in\n" +
      "no more is asked to log out, and dropped after a few seconds.",
  },
});

const initiators = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/target_initiators.ts"),
  parameters: {},
  docs: {
    brief: "List the initiators that came by in the last seven days, and what came of it",
  },
});

const limits = buildCommand<Record<never, never>, string[], Context>({
  loader: () => import("../commands/target_limits.ts"),
  parameters: {
    positional: {
      kind: "array",
      parameter: {
        brief: "What to set, such as sessionsOfTarget=544; NAME=standard sets it back",
        placeholder: "NAME=VALUE",
        parse: String,
      },
    },
  },
  docs: {
    brief: "Show how much there may be of what, or set it",
    fullDescription: "Shows how much there may be of what, or sets it: targets, disks, portals,\n" +
      "sessions, times and memory. What is set holds for sessions that begin from then on.",
  },
});

export interface TargetSessionsFlags {
  readonly long?: boolean;
}

const sessions = buildCommand<TargetSessionsFlags, [name?: string], Context>({
  loader: () => import("../commands/target_sessions.ts"),
  parameters: {
    flags: { long: switchFlag("Show everything about each") },
    positional: { kind: "tuple", parameters: [{ ...TARGET_ARGUMENT, optional: true }] },
  },
  docs: { brief: "List the open sessions of one target, or of all" },
});

export interface TargetDisconnectFlags {
  readonly target?: string;
  readonly all?: boolean;
  readonly wait?: number;
  readonly yes?: boolean;
}

const disconnect = buildCommand<TargetDisconnectFlags, string[], Context>({
  loader: () => import("../commands/target_disconnect.ts"),
  parameters: {
    flags: {
      target: textFlag("TARGET", "Those of this target"),
      all: switchFlag("All that are open"),
      wait: {
        kind: "parsed",
        parse: parseWholeNumber,
        optional: true,
        placeholder: "SECONDS",
        brief: "What initiators have to log out, at most 30; 5 without, 0 drops them at once",
      },
      yes: YES_FLAG,
    },
    positional: { kind: "array", parameter: SESSION_ARGUMENT },
  },
  docs: {
    brief: "End sessions: some, those of one target, or all",
    fullDescription:
      "Ends sessions. Their initiators are asked to log out, and dropped when they have not done\n" +
      "so in time. Those that may log in can come back at once: sanctl target deny forbids it.",
  },
});

export const targetRoutes = buildRouteMap({
  routes: {
    serve,
    create,
    list,
    show,
    set,
    delete: remove,
    allow,
    deny,
    chap,
    reverseChap,
    initiators,
    limits,
    sessions,
    disconnect,
    portal: portalRoutes,
    isns: isnsRoutes,
  },
  docs: { brief: "Targets: what initiators log in to" },
});
