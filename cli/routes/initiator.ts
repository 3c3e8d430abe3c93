/** `sanctl initiator …`: what each verb is called and takes; its action is loaded when called. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { PortalFacts } from "../../lib/config/facts.ts";
import { POLICIES, type PolicyName } from "../../lib/initiator/multipath/policies.ts";
import type { AttachWay } from "../../lib/nbd/attach/way.ts";
import { parsePortal } from "../address.ts";
import { WAY_FLAG } from "../attachment.ts";
import type { Context } from "../context.ts";
import { parseWholeNumber, switchFlag, textFlag } from "../parameters.ts";
import { ACCOUNT_FLAGS, type AccountFlags, DIGEST_FLAGS, type DigestFlags } from "./account.ts";
import { DEVICE_ARGUMENT, TARGET_IQN_ARGUMENT } from "./initiator_arguments.ts";
import { type EventsFlags, eventsFlags } from "./events.ts";
import { initiatorIsnsRoutes } from "./initiator_isns.ts";
import { initiatorDiskRoutes } from "./initiator_disk.ts";
import { initiatorPersistentRoutes } from "./initiator_persistent.ts";
import { initiatorPortalRoutes } from "./initiator_portal.ts";

export interface InitiatorServeFlags {
  readonly probeTime?: number;
  readonly queueTime?: number;
  readonly bindTimeout?: number;
}

const POLICY_ARGUMENT = {
  brief: "One of the policies above",
  placeholder: "POLICY",
  parse: parsePolicy,
  proposeCompletions: () => Object.keys(POLICIES),
} as const;

/** Seconds, at least one. */
function secondsFlag(brief: string) {
  return {
    kind: "parsed",
    parse(text: string): number {
      const seconds = parseWholeNumber(text);
      if (seconds < 1 || seconds > 86_400) throw new Error("it is from 1 to 86400 seconds");
      return seconds;
    },
    optional: true,
    placeholder: "SECONDS",
    brief,
  } as const;
}

const serve = buildCommand<InitiatorServeFlags, [], Context>({
  loader: () => import("../commands/initiator_serve.ts"),
  parameters: {
    flags: {
      probeTime: secondsFlag("After so much silence a path counts as dead; 5 without"),
      queueTime: secondsFlag("How long commands wait while there is no path; 120 without"),
      bindTimeout: secondsFlag("After so long it is told which bound devices are missing; 180"),
    },
  },
  docs: {
    brief: "Keep sessions and serve attached devices in the foreground until SIGTERM or Ctrl-C",
    fullDescription:
      "Keeps sessions and serves attached devices in the foreground. Persistent logins are restored,\n" +
      "however late their targets come. Prints one line that begins with `ready` when every bound\n" +
      "device is there. SIGTERM or Ctrl-C flushes the devices and logs out.",
  },
});

const name = buildCommand<Record<never, never>, [name?: string], Context>({
  loader: () => import("../commands/initiator_name.ts"),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Its new iSCSI name",
        placeholder: "IQN",
        parse: String,
        optional: true,
      }],
    },
  },
  docs: { brief: "Show the initiator's iSCSI name, or change it" },
});

const targets = buildCommand<Record<never, never>, [], Context>({
  loader: () => import("../commands/initiator_targets.ts"),
  parameters: {},
  docs: { brief: "List the targets that may be logged in to" },
});

export interface InitiatorLoginFlags extends AccountFlags, DigestFlags {
  readonly portal?: readonly PortalFacts[];
  readonly sourceIp?: readonly string[];
  readonly multipath?: boolean;
  readonly persistent?: boolean;
  readonly connections?: number;
  readonly policy?: PolicyName;
}

const login = buildCommand<InitiatorLoginFlags, [target: string], Context>({
  loader: () => import("../commands/initiator_login.ts"),
  parameters: {
    flags: {
      portal: {
        kind: "parsed",
        parse: parsePortal,
        optional: true,
        variadic: true,
        placeholder: "ADDR:PORT",
        brief: "Where to log in; those that discovery found without",
      },
      sourceIp: {
        kind: "parsed",
        parse: String,
        optional: true,
        variadic: true,
        placeholder: "ADDR",
        brief: "From which of our addresses: one for all portals, or one for each",
      },
      multipath: switchFlag("A session with each portal, all of them paths to the same disks"),
      persistent: switchFlag("Log in again whenever the service begins"),
      ...ACCOUNT_FLAGS,
      ...DIGEST_FLAGS,
      connections: {
        kind: "parsed",
        parse: parseConnections,
        optional: true,
        placeholder: "N",
        brief: "Connections of each session; 1 without",
      },
      policy: {
        ...POLICY_ARGUMENT,
        kind: "parsed",
        optional: true,
        brief: "Which paths carry commands, as with sanctl initiator policy",
      },
    },
    positional: { kind: "tuple", parameters: [TARGET_IQN_ARGUMENT] },
  },
  docs: { brief: "Log in to a target, through one portal or several" },
});

export interface InitiatorForceFlags {
  readonly force?: boolean;
}

const logout = buildCommand<InitiatorForceFlags, [which: string], Context>({
  loader: () => import("../commands/initiator_logout.ts"),
  parameters: {
    flags: { force: switchFlag("Although devices are attached: whoever uses them loses them") },
    positional: {
      kind: "tuple",
      parameters: [{
        ...TARGET_IQN_ARGUMENT,
        brief: "A target's iSCSI name, or a session as sanctl initiator sessions shows it",
        placeholder: "TARGET|SESSION",
      }],
    },
  },
  docs: { brief: "Log out of a target, or of one session" },
});

export interface InitiatorLongFlags {
  readonly long?: boolean;
}

const sessions = buildCommand<InitiatorLongFlags, [], Context>({
  loader: () => import("../commands/initiator_sessions.ts"),
  parameters: { flags: { long: switchFlag("Show everything about each") } },
  docs: { brief: "List the sessions" },
});

const devices = buildCommand<InitiatorLongFlags, [device?: string], Context>({
  loader: () => import("../commands/initiator_devices.ts"),
  parameters: {
    flags: { long: switchFlag("Show everything about each, with its paths") },
    positional: { kind: "tuple", parameters: [{ ...DEVICE_ARGUMENT, optional: true }] },
  },
  docs: { brief: "List the devices, or show one with its paths" },
});

export interface InitiatorAttachFlags {
  readonly readOnly?: boolean;
  readonly way?: AttachWay;
}

const attach = buildCommand<InitiatorAttachFlags, [device: string], Context>({
  loader: () => import("../commands/initiator_attach.ts"),
  parameters: {
    flags: { readOnly: switchFlag("Refuse writes"), way: WAY_FLAG },
    positional: { kind: "tuple", parameters: [DEVICE_ARGUMENT] },
  },
  docs: { brief: "Let programs of this machine use a device" },
});

const detach = buildCommand<InitiatorForceFlags, [device: string], Context>({
  loader: () => import("../commands/initiator_detach.ts"),
  parameters: {
    flags: {
      force: switchFlag("Although it is in use: it is unmounted, and whoever uses it loses it"),
    },
    positional: { kind: "tuple", parameters: [DEVICE_ARGUMENT] },
  },
  docs: { brief: "Take a device from programs, once it is flushed" },
});

export interface InitiatorPolicyFlags {
  readonly subset?: readonly string[];
  readonly weight?: readonly (readonly [path: string, weight: number])[];
  readonly preferred?: string;
}

const policy = buildCommand<InitiatorPolicyFlags, [device: string, policy: PolicyName], Context>({
  loader: () => import("../commands/initiator_policy.ts"),
  parameters: {
    flags: {
      subset: {
        kind: "parsed",
        parse: String,
        optional: true,
        variadic: true,
        placeholder: "PATH",
        brief: "A path of the subset, by session or portal; the others stand by",
      },
      weight: {
        kind: "parsed",
        parse: parseWeight,
        optional: true,
        variadic: true,
        placeholder: "PATH=N",
        brief: "What a path weighs, by session or portal; less is better",
      },
      preferred: textFlag("PATH", "The path that is used first, by session or portal"),
    },
    positional: {
      kind: "tuple",
      parameters: [DEVICE_ARGUMENT, POLICY_ARGUMENT],
    },
  },
  docs: {
    brief: "Choose which of a device's paths carry its commands, also while it is in use",
    fullDescription:
      "Chooses which of a device's paths carry its commands, also while it is in use:\n" +
      "  fail-over-only           one path, the others stand by\n" +
      "  round-robin              all paths in turn\n" +
      "  round-robin-with-subset  some paths in turn, the others stand by\n" +
      "  least-queue-depth        the path with the fewest commands on their way\n" +
      "  weighted-paths           the path that weighs least\n" +
      "  least-blocks             the path with the fewest blocks on their way",
  },
});

export interface InitiatorBindFlags {
  readonly off?: boolean;
  readonly wait?: boolean;
  readonly timeout?: number;
}

const bind = buildCommand<InitiatorBindFlags, [device?: string], Context>({
  loader: () => import("../commands/initiator_bind.ts"),
  parameters: {
    flags: {
      off: switchFlag("Bind a device no more, or none at all"),
      wait: switchFlag("Changes nothing: waits until all bound devices are there"),
      timeout: secondsFlag("How long --wait does; 180 without"),
    },
    positional: { kind: "tuple", parameters: [{ ...DEVICE_ARGUMENT, optional: true }] },
  },
  docs: {
    brief: "Have the service ready only when every attached device is there",
    fullDescription:
      "Binds every attached device of a persistent login: the service says that it is ready only\n" +
      "when all of them are there, so that what depends on them starts after it. With --wait this\n" +
      "command ends when they are, or fails and says which of them is missing.",
  },
});

export interface InitiatorSnapshotFlags {
  readonly targetServer?: string;
  readonly name?: string;
  readonly description?: string;
  readonly before?: string;
  readonly after?: string;
}

const snapshot = buildCommand<InitiatorSnapshotFlags, [device: string], Context>({
  loader: () => import("../commands/initiator_snapshot.ts"),
  parameters: {
    flags: {
      targetServer: textFlag(
        "URL",
        "The service that has the disk; the one of this machine without",
      ),
      name: textFlag("NAME", "Its name; the disk's with the time without"),
      description: textFlag("TEXT", "What it is for"),
      before: textFlag("COMMAND", "Run by sh first: has programs write what they keep in memory"),
      after: textFlag("COMMAND", "Run by sh afterwards, whatever came of it"),
    },
    positional: { kind: "tuple", parameters: [DEVICE_ARGUMENT] },
  },
  docs: {
    brief: "Have the target's server keep a device's disk as it is now",
    fullDescription:
      "Has the target's server take a snapshot of the disk behind a device, while the file systems that\n" +
      "are mounted from it are frozen (as root). A server on another machine is reached by ssh:\n" +
      "--target-server ssh://HOST, and ssh://USER@HOST:PORT/PATH/control.sock in full.",
  },
});

const events = buildCommand<EventsFlags, [], Context>({
  loader: () => import("../commands/initiator_events.ts"),
  parameters: { flags: eventsFlags },
  docs: { brief: "Show what happened to sessions, paths and devices" },
});

export const initiatorRoutes = buildRouteMap({
  routes: {
    serve,
    name,
    portal: initiatorPortalRoutes,
    isns: initiatorIsnsRoutes,
    targets,
    login,
    logout,
    sessions,
    persistent: initiatorPersistentRoutes,
    devices,
    attach,
    detach,
    disk: initiatorDiskRoutes,
    policy,
    bind,
    snapshot,
    events,
  },
  docs: { brief: "The initiator: disks of other machines, used here" },
});

function parsePolicy(text: string): PolicyName {
  if (Object.hasOwn(POLICIES, text)) return text as PolicyName;
  throw new Error(`it is one of ${Object.keys(POLICIES).join(", ")}`);
}

function parseWeight(text: string): readonly [string, number] {
  const at = text.lastIndexOf("=");
  if (at < 1) throw new Error("a path and its weight are needed, such as 192.168.1.1=5");
  return [text.slice(0, at), parseWholeNumber(text.slice(at + 1))];
}

const MOST_CONNECTIONS = 16;

function parseConnections(text: string): number {
  const count = parseWholeNumber(text);
  if (count >= 1 && count <= MOST_CONNECTIONS) return count;
  throw new Error(`a session has from 1 to ${MOST_CONNECTIONS} connections`);
}
