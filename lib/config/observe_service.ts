/** What is to be seen of the running service. */
import type { TargetNode } from "../target/node.ts";
import type { PortalFacts } from "./facts.ts";
import { NO_COUNTERS, NO_DISK_COUNTERS, type Observation } from "./observation.ts";
import type { RunningAttachments } from "./running_attachments.ts";
import type { RunningDisk } from "./running_disk.ts";
import type { RunningIsns } from "./running_isns.ts";
import type { RunningPortals } from "./running_portals.ts";
import type { RunningSessions } from "./running_sessions.ts";
import type { RunningTargets } from "./running_targets.ts";

export interface ServiceParts {
  readonly node: TargetNode;
  readonly startedAt: string;
  readonly targets: RunningTargets;
  readonly sessions: RunningSessions;
  readonly portals: RunningPortals;
  readonly isns: RunningIsns;
  readonly attachments: RunningAttachments;
  /** The disk of that name, as it runs. */
  readonly disk: (name: string) => RunningDisk | undefined;
  /** Where the dashboard listens. */
  readonly http: () => PortalFacts | null;
  /** What else needs attention. */
  readonly troubles: () => readonly string[];
}

export function observeService(parts: ServiceParts): Observation {
  const { node, startedAt, targets, sessions, portals, isns, attachments } = parts;
  const { disk, http, troubles } = parts;
  return {
    running: true,
    sessionsOf: (name) => targets.get(name)?.sessions.size ?? 0,
    countersOf: (name) => {
      const target = targets.get(name);
      return target === undefined ? NO_COUNTERS : targets.traffic.of(target);
    },
    conditionOf: (name) =>
      disk(name)?.condition ?? { state: "stopped", failure: null, counters: NO_DISK_COUNTERS },
    attachmentOf: (uuid) => ({
      attachment: attachments.find(uuid),
      failure: attachments.failureOf(uuid),
    }),
    sessions: (name) => sessions.facts(name),
    outcasts: (name, allow) => sessions.outcasts(name, allow),
    portalSessions: () => portals.given === undefined ? sessions.facts() : [],
    portals: () => ({ given: portals.given, absent: portals.absent }),
    isns: (server) => isns.facts(server),
    isnsTried: (server) => isns.tried(server),
    troubles,
    service: () => ({
      pid: Deno.pid,
      startedAt,
      portals: portals.listening,
      http: http(),
      counters: targets.traffic.total(node.targets.values()),
    }),
  };
}
