/**
 * What the server tells about itself: plain data, the same from the running service, from the
 * declared state and over HTTP, and what `--json` prints. Every key is always there; null stands
 * for "none". Sizes are octets, times are ISO 8601 in UTC. Keys may be added, never renamed or
 * removed.
 */

import type { AttachWay } from "../nbd/attach/way.ts";

export type { AttachWay };

/** What went through, counted since the service (or the session) began. */
export interface CounterFacts {
  /** SCSI commands of every kind. */
  readonly commands: number;
  /** What initiators read, and what they wrote. */
  readonly octetsRead: number;
  readonly octetsWritten: number;
}

/** What went through a disk since the service opened it, whoever asked. */
export interface DiskCounterFacts {
  readonly reads: number;
  readonly octetsRead: number;
  readonly writes: number;
  readonly octetsWritten: number;
  readonly flushes: number;
  readonly unmaps: number;
  readonly octetsUnmapped: number;
  /** Operations that the medium could not do. */
  readonly errors: number;
}

/** `stopped`: no service runs. */
export type TargetState = "logged-in" | "idle" | "stopped";
/** `failed`: the service runs and could not open the disk; `stopped`: no service runs. */
export type DiskState = "ready" | "failed" | "stopped";
/** `nbd`: an export of an NBD server. */
export type DiskFormat = "vhd" | "raw" | "mem" | "nbd";

/** How the file of a VHD grows. */
export type DiskType = "fixed" | "dynamic" | "differencing";

export interface LunFacts {
  readonly lun: number;
  /** The disk's name. */
  readonly disk: string;
  readonly size: number;
  readonly readOnly: boolean;
  readonly state: DiskState;
}

/** Who must prove itself, by CHAP. The secret is told to nobody. */
export interface ReverseChapFacts {
  /** The CHAP user. */
  readonly user: string;
}

export interface ChapFacts extends ReverseChapFacts {
  /** Hash functions that will do, the strongest first: `sha3-256`, `sha256`, `sha1`, `md5`. */
  readonly algorithms: readonly string[];
}

export interface AuthenticationFacts {
  /** What an initiator must prove; null: nothing. */
  readonly chap: ChapFacts | null;
  /** What is proved to an initiator, which must ask for it; null: nothing. */
  readonly reverseChap: ReverseChapFacts | null;
}

export interface TargetFacts extends AuthenticationFacts {
  readonly name: string;
  readonly iqn: string;
  /** Empty without one. Initiators see it as TargetAlias. */
  readonly description: string;
  /** Who may log in, as identifiers: a kind with a value, such as `iqn:…`, or `any`. */
  readonly allow: readonly string[];
  readonly state: TargetState;
  /** Open sessions. */
  readonly sessions: number;
  /** Ascending by LUN. */
  readonly luns: readonly LunFacts[];
  readonly counters: CounterFacts;
}

export interface AssignmentFacts {
  /** The target's name. */
  readonly target: string;
  readonly lun: number;
  readonly readOnly: boolean;
}

/** How programs of this machine reach a disk. */
export interface DiskAttachmentFacts {
  readonly readOnly: boolean;
  /**
   * `nbd`: a block device of the kernel's; `nbdfuse`: a file; `url`: neither. Null: it is attached
   * when the service runs, and has the disk.
   */
  readonly way: AttachWay | null;
  /** `nbd+unix:///NAME?socket=PATH`. */
  readonly url: string | null;
  /** `/dev/nbd0`, or a file; null: it is reached by its URL alone. */
  readonly path: string | null;
  /** Clients that use it by its URL now. */
  readonly clients: number;
  /** Where file systems on it are mounted. */
  readonly mounts: readonly string[];
}

export interface DiskFacts {
  readonly name: string;
  /** The file, as an absolute path, or the URL of an NBD export; null for a disk in memory. */
  readonly path: string | null;
  readonly format: DiskFormat;
  /** Of a VHD. */
  readonly type: DiskType | null;
  /** The file of a differencing VHD's parent. */
  readonly parent: string | null;
  /** 8-4-4-4-12 hex digits; initiators know the disk by it. */
  readonly uuid: string;
  readonly size: number;
  /** Octets that its file takes; told where one disk is asked for, null in lists. */
  readonly allocated: number | null;
  readonly logicalBlockLength: number;
  readonly physicalBlockLength: number;
  /** It takes space only as it is written. */
  readonly sparse: boolean;
  readonly removable: boolean;
  /** The operator said that several initiators may write it. */
  readonly shared: boolean;
  /** Empty without one. */
  readonly description: string;
  readonly state: DiskState;
  /** Why the state is `failed`. */
  readonly failure: string | null;
  readonly assignments: readonly AssignmentFacts[];
  /** Null: programs of this machine do not use it. */
  readonly attached: DiskAttachmentFacts | null;
  readonly counters: DiskCounterFacts;
}

/** How damage on the way is noticed: by a checksum, or not at all. */
export type DigestFact = "CRC32C" | "None";

export interface ConnectionFacts {
  /** CID. */
  readonly id: number;
  /** `ADDRESS:PORT` of the initiator; an IPv6 address stands in brackets. */
  readonly peer: string;
  /** `ADDRESS:PORT` of the portal that it came to. */
  readonly portal: string;
  readonly headerDigest: DigestFact;
  readonly dataDigest: DigestFact;
}

export interface SessionFacts {
  /** What commands call it: unique among the sessions that are open. */
  readonly id: string;
  /** Target session identifying handle. */
  readonly tsih: number;
  /** The target's name and iSCSI name. */
  readonly target: string;
  readonly iqn: string;
  /** The initiator's iSCSI name. */
  readonly initiator: string;
  /** InitiatorAlias as the initiator gave it; empty without one. */
  readonly alias: string;
  /** The CHAP user that the initiator proved to be; null where nothing was proved. */
  readonly chapUser: string | null;
  /** Twelve hex digits. */
  readonly isid: string;
  /** Target portal group tag. */
  readonly portalGroup: number;
  readonly since: string;
  /** Whole seconds since then, by the service's clock. */
  readonly ageSeconds: number;
  readonly connections: readonly ConnectionFacts[];
  /** Commands that have not been answered. */
  readonly outstandingTasks: number;
  readonly counters: CounterFacts;
}

export interface PortalFacts {
  readonly address: string;
  readonly port: number;
}

/**
 * `absent`: it cannot listen, this machine having no such address for one; `unused`: the service
 * was told on its command line to listen elsewhere; `stopped`: no service runs.
 */
export type PortalState = "listening" | "absent" | "unused" | "stopped";

/** Where initiators can come to. */
export interface TargetPortalFacts extends PortalFacts {
  /** Portal group tag. */
  readonly group: number;
  /** `HOST:PORT` that initiators are told instead; null without one. */
  readonly advertise: string | null;
  /** False: it is there because nothing is declared, or the command line says so. */
  readonly declared: boolean;
  readonly state: PortalState;
  /** Open sessions with a connection that came to it. */
  readonly sessions: number;
}

/** A name server that initiators can find the targets by. */
export interface IsnsServerFacts extends PortalFacts {
  /**
   * `idle`: it answers, and there is nothing that anybody could log in to; `absent`: it cannot be
   * used, and is tried again; `stopped`: no service runs.
   */
  readonly state: "registered" | "idle" | "connecting" | "absent" | "stopped";
  /** How many targets it knows; null: not known. */
  readonly targets: number | null;
  /** Where it tells initiators to come, each with its portal group tag. */
  readonly portals: readonly (PortalFacts & { readonly group: number })[];
  /** Why it cannot be used. */
  readonly error: string | null;
}

export interface StatusFacts {
  /** True: the facts come from a running service. */
  readonly running: boolean;
  readonly version: string;
  readonly stateDirectory: string;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly portals: readonly PortalFacts[];
  /** Where the dashboard listens. */
  readonly http: PortalFacts | null;
  /** For initiators that ask which targets there are. */
  readonly discovery: AuthenticationFacts;
  /** Name servers that initiators can find the targets by. */
  readonly isns: readonly IsnsServerFacts[];
  /** How many there are. */
  readonly targets: number;
  readonly disks: number;
  /** Disks that are attached on this machine. */
  readonly attached: number;
  readonly sessions: number;
  readonly counters: CounterFacts;
  /** What needs attention, a sentence each; empty while all is well. At most 100. */
  readonly problems: readonly string[];
}

export interface VersionFacts {
  /** Of whoever answers: the running service, or the command itself. */
  readonly version: string;
  readonly deno: string;
  readonly platform: string;
}

/** A change that was made: what the object is now, and what the operator should know about it. */
export interface Changed<T> {
  readonly facts: T;
  /** Sentences for a person; they go to standard error, never into `--json`. */
  readonly notices: readonly string[];
}

/** How far a long operation has come, in octets. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface DeletedTarget {
  readonly name: string;
  readonly iqn: string;
  /** Sessions that were ended with it. */
  readonly sessionsEnded: number;
}

/** How much there may be of something. */
export interface LimitFacts {
  readonly name: string;
  readonly about: string;
  readonly unit: "count" | "seconds" | "octets";
  readonly value: number;
  /** What it is where nobody has set it. */
  readonly standard: number;
  /** What it may be set to. */
  readonly least: number;
  readonly most: number;
  /** How much there is; null where that is not counted. */
  readonly used: number | null;
}

/** An initiator that came by in the last seven days: a line for each target that it asked for. */
export interface VisitorFacts {
  /** Its iSCSI name. */
  readonly initiator: string;
  readonly address: string;
  /** The target's name, or its iSCSI name where there is none; null: it asked which there are. */
  readonly target: string | null;
  /** What came of it the last time. */
  readonly admitted: boolean;
  /** Why it was refused. */
  readonly reason: string | null;
  readonly firstSeen: string;
  /** Now, while it is logged in. */
  readonly lastSeen: string;
  /** How often it asked. */
  readonly visits: number;
}

export interface EndedSession {
  readonly id: string;
  readonly target: string;
  readonly initiator: string;
  /** The initiator did so by itself when it was asked; false: it was dropped. */
  readonly loggedOut: boolean;
}

export interface RemovedDisk {
  readonly name: string;
  readonly path: string | null;
  /** False: the file stays where it is. */
  readonly fileDeleted: boolean;
}

/** A server written down: what `apply` takes to make another like it. */
export interface ExportFacts {
  readonly document: Readonly<Record<string, unknown>>;
  /** Secrets stand in it: it is for nobody else to read. */
  readonly secret: boolean;
}

/** What applying a document does, or would do; no steps where the server is as it says. */
export interface PlanFacts {
  /** False: nothing was done, it was only asked for. */
  readonly applied: boolean;
  /** Stands for exactly these steps: who agreed to them gives it back, and gets no others. */
  readonly digest: string;
  readonly steps: readonly PlanStepFacts[];
}

export interface PlanStepFacts {
  readonly action: "add" | "change" | "remove";
  readonly object: "target" | "disk" | "server";
  /** The target's or the disk's; of the server, the name of what is set. */
  readonly name: string;
  readonly changes: readonly FieldChangeFacts[];
  readonly file: FileStepFacts | null;
  /** Sessions that are open now and that the step does something to. */
  readonly sessions: readonly StepSessionFacts[];
  /** Data that is lost with it, as a sentence. */
  readonly loss: string | null;
}

/** A field as the document writes it; null where there is none. */
export interface FieldChangeFacts {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface FileStepFacts {
  readonly path: string;
  /** `kept`: its disk is forgotten, and the file stays where it is. */
  readonly action: "created" | "imported" | "extended" | "kept";
}

export interface StepSessionFacts {
  /** `loses-disks`: it goes on without LUNs that it has now. */
  readonly effect: "ends" | "loses-disks";
  readonly id: string;
  readonly initiator: string;
  /** `ADDRESS:PORT` of each of its connections. */
  readonly from: readonly string[];
}

/** Something that a check has found, and how grave it is. */
export interface FindingFacts {
  readonly kind: string;
  readonly path: string;
  /** Offset in that file. */
  readonly at: number;
  readonly severity: "note" | "flaw" | "risk";
  readonly repairable: boolean;
  readonly message: string;
}

export interface CheckedDisk {
  readonly path: string;
  readonly format: "fixed" | "dynamic" | "differencing" | "raw" | "unknown";
  /** Octets of the disk; null where that cannot be told. */
  readonly size: number | null;
  /** The files of its parents that are there, the nearest one first. */
  readonly parents: readonly string[];
  /** What is wrong, as the file is now. */
  readonly findings: readonly FindingFacts[];
  /** What was wrong, and has been put right. */
  readonly repaired: readonly FindingFacts[];
  readonly verdict: "sound" | "flawed" | "at-risk";
  /** It was looked at while a service served it. */
  readonly served: boolean;
}
