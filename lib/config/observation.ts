/** What is to be seen of the declared objects at this moment. */
import type { Attachment } from "../nbd/attach/attachments.ts";
import type {
  CounterFacts,
  DiskCounterFacts,
  DiskState,
  IsnsServerFacts,
  PortalFacts,
  SessionFacts,
  StatusFacts,
} from "./facts.ts";
import { untriedServer } from "./isns_servers.ts";

export interface DiskCondition {
  readonly state: DiskState;
  /** Why it is `failed`. */
  readonly failure: string | null;
  readonly counters: DiskCounterFacts;
  /** Octets, where the open disk knows better than what was declared. */
  readonly size?: number | undefined;
}

/** Facts that only whoever runs the service has. */
export type ServiceFacts = Pick<StatusFacts, "pid" | "startedAt" | "portals" | "http" | "counters">;

export interface Observation {
  readonly running: boolean;
  sessionsOf(target: string): number;
  countersOf(target: string): CounterFacts;
  conditionOf(disk: string): DiskCondition;
  /** How the disk of that UUID is attached on this machine, or why it is not. */
  attachmentOf(uuid: string): AttachmentSeen;
  /** Open sessions, of one target or of all, in the order they began. */
  sessions(target?: string): SessionFacts[];
  /** The ids of a target's open sessions that nothing of `allow` would admit. */
  outcasts(target: string, allow: readonly string[]): readonly string[];
  /** Sessions that a change of the declared portals could cut off. */
  portalSessions(): readonly SessionFacts[];
  portals(): PortalsSeen;
  /** What else needs attention, a sentence each. */
  troubles(): readonly string[];
  /** A declared name server. */
  isns(server: PortalFacts): IsnsServerFacts;
  /** Resolves when it has been tried, with the changes up to now. */
  isnsTried(server: PortalFacts): Promise<void>;
  service(): ServiceFacts;
}

export interface AttachmentSeen {
  readonly attachment?: Attachment | undefined;
  /** Why it could not be attached, though that is declared. */
  readonly failure?: string | undefined;
}

/** How the portals stand. */
export interface PortalsSeen {
  /** Those that the command line names, in the place of the declared ones. */
  readonly given: readonly PortalFacts[] | undefined;
  /** Names of declared ones that cannot listen now. */
  readonly absent: readonly string[];
}

export const NO_COUNTERS: CounterFacts = { commands: 0, octetsRead: 0, octetsWritten: 0 };

export const NO_DISK_COUNTERS: DiskCounterFacts = {
  reads: 0,
  octetsRead: 0,
  writes: 0,
  octetsWritten: 0,
  flushes: 0,
  unmaps: 0,
  octetsUnmapped: 0,
  errors: 0,
};

/** What is to be seen where no service runs. */
export const NOTHING_RUNS: Observation = {
  running: false,
  sessionsOf: () => 0,
  countersOf: () => NO_COUNTERS,
  conditionOf: () => ({ state: "stopped", failure: null, counters: NO_DISK_COUNTERS }),
  attachmentOf: () => ({}),
  sessions: () => [],
  outcasts: () => [],
  portalSessions: () => [],
  portals: () => ({ given: undefined, absent: [] }),
  troubles: () => [],
  isns: (server) => untriedServer(server, "stopped"),
  isnsTried: () => Promise.resolve(),
  service: () => ({ pid: null, startedAt: null, portals: [], http: null, counters: NO_COUNTERS }),
};
