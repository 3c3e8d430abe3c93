/**
 * The one interface through which every command works. The running service implements it on its
 * targets, the declared state implements it where no service runs, and the client carries it over
 * HTTP. Every operation is done wholly or not at all, and fails with a {@link ControlError} that
 * names the object, the cause and the next step.
 */
import type {
  AttachWay,
  AuthenticationFacts,
  Changed,
  CheckedDisk,
  DeletedTarget,
  DiskFacts,
  DiskType,
  EndedSession,
  ExportFacts,
  IsnsServerFacts,
  LimitFacts,
  PlanFacts,
  PortalFacts,
  Progress,
  RemovedDisk,
  SessionFacts,
  StatusFacts,
  TargetFacts,
  TargetPortalFacts,
  VersionFacts,
  VisitorFacts,
} from "./facts.ts";

import type { LimitChanges } from "./operations/set_limits.ts";
import type { EventsPage, EventsQuery } from "../events/read_events.ts";
import type { ScheduleControl } from "./schedule_control.ts";
import type { SnapshotControl } from "./snapshot_control.ts";

export type * from "./facts.ts";
export type { LimitChanges } from "./operations/set_limits.ts";
export type { EventFacts } from "../events/event_facts.ts";
export type { EventsPage, EventsQuery } from "../events/read_events.ts";
export type * from "./schedule_control.ts";
export type * from "./snapshot_control.ts";
export { ControlError, type ControlErrorKind, EXIT_CODES } from "./control_error.ts";

export interface NewTarget {
  /**
   * As every name of a target or a disk: `[a-z0-9][a-z0-9._-]{0,63}`, no `..`, no period at its
   * end.
   */
  readonly name: string;
  /** An iSCSI name of its own; without one it is made of the host's name and the target's. */
  readonly iqn?: string | undefined;
  readonly description?: string | undefined;
  /** Initiator identifiers; without one nobody may log in. */
  readonly allow?: readonly string[] | undefined;
}

export interface TargetChanges {
  readonly name?: string | undefined;
  readonly iqn?: string | undefined;
  readonly description?: string | undefined;
}

export interface NewReverseChap {
  /** CHAP_N: any text; by custom the iSCSI name of whoever proves itself. */
  readonly user: string;
  /** 12 to 16 octets of text. */
  readonly secret: string;
  /** The secret may have up to 255 octets, which few initiators take. */
  readonly longSecret?: boolean | undefined;
}

export interface NewChap extends NewReverseChap {
  /** Names of hash functions that will do; those from before without, and all at first. */
  readonly algorithms?: readonly string[] | undefined;
}

/** Which blocks a disk has. */
export interface BlockLengths {
  /** 512 or 4096; 512 without. */
  readonly logicalBlockLength?: number | undefined;
  /** 512 or 4096, at least the logical one; the same without. */
  readonly physicalBlockLength?: number | undefined;
}

export interface NewDisk extends BlockLengths {
  /**
   * The file to create, as an absolute path ending in `.vhd`, or in `.img` or `.raw`. Exactly one
   * of `path` and `memory` is given.
   */
  readonly path?: string | undefined;
  /** The name of a disk in memory, which is empty again whenever the service starts. */
  readonly memory?: string | undefined;
  /** How the file of a VHD grows; `fixed` without. */
  readonly type?: DiskType | undefined;
  /** The VHD of which it becomes a child, as an absolute path; with the type differencing alone. */
  readonly parent?: string | undefined;
  /** Octets, a multiple of the logical block length; a child has its parent's without. */
  readonly size?: number | undefined;
  /** Without one: the file's stem, or the name of the disk in memory. */
  readonly name?: string | undefined;
  /** A file that takes space only as it is written, where the file system can. */
  readonly sparse?: boolean | undefined;
  /** A target to assign it to, in the same step. */
  readonly target?: string | undefined;
  readonly shared?: boolean | undefined;
  readonly description?: string | undefined;
  readonly removable?: boolean | undefined;
}

export interface ImportedDisk extends BlockLengths {
  /** An existing file, as an absolute path. */
  readonly path: string;
  /** The parent of a differencing VHD; looked for in the same directory without. */
  readonly parent?: string | undefined;
  /** The parent is taken as it is, though it was written to since its child was made. */
  readonly force?: boolean | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export interface AssignOptions {
  /** The lowest free one without. */
  readonly lun?: number | undefined;
  readonly readOnly?: boolean | undefined;
  /** Declares that several initiators (or targets) may write the disk. */
  readonly shared?: boolean | undefined;
}

/** What is to be different about a disk. */
export interface DiskChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Several initiators (or targets) may write it. */
  readonly shared?: boolean | undefined;
  /** Writes through its targets are refused. */
  readonly readOnly?: boolean | undefined;
}

export interface Force {
  /** Whoever is logged in and stands in the way loses the disk, or the session. */
  readonly force?: boolean | undefined;
}

/** Which sessions are meant: exactly one of these is given. */
export interface SessionChoice {
  readonly ids?: readonly string[] | undefined;
  /** Those of one target. */
  readonly target?: string | undefined;
  readonly all?: boolean | undefined;
}

export interface DisconnectOptions {
  /** How long initiators have to log out by themselves; 5 without, 0 drops them at once. */
  readonly waitSeconds?: number | undefined;
}

/** How large a disk is to be: exactly one of these is given, in octets. */
export interface Extension {
  /** So much more. */
  readonly by?: number | undefined;
  /** So much in all. */
  readonly to?: number | undefined;
}

export interface MoveOptions extends Force {
  /** The target that it leaves, where it has several. */
  readonly from?: string | undefined;
  /** The lowest free one without. */
  readonly lun?: number | undefined;
}

export interface NewPortal {
  /** An IP address of this machine; `::` stands for every one, `0.0.0.0` for those of IPv4. */
  readonly address: string;
  readonly port: number;
  /** Portal group tag; 1 without. */
  readonly group?: number | undefined;
  /** `HOST:PORT` that initiators are told instead: behind NAT, or in a container. */
  readonly advertise?: string | undefined;
}

export interface PortalChanges {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly group?: number | undefined;
  /** Null: initiators are told the address itself. */
  readonly advertise?: string | null | undefined;
}

/** How a disk is to be attached on the server itself. */
export interface AttachOptions {
  /** Nothing is written to it, so that initiators may use it meanwhile. */
  readonly readOnly?: boolean | undefined;
  /** The best that this machine gives, without. */
  readonly way?: AttachWay | undefined;
}

export interface CheckOptions {
  /** Puts right what can be without a doubt; refused while initiators are logged in. */
  readonly repair?: boolean | undefined;
  /** The file of the parent, as an absolute path; the one that is known, or looked for, without. */
  readonly parent?: string | undefined;
}

export interface RemoveOptions {
  readonly deleteFile?: boolean | undefined;
}

export interface ExportOptions {
  /** Only these targets, with their disks; the whole server without. */
  readonly targets?: readonly string[] | undefined;
  /** Secrets themselves, and not only that there are some. */
  readonly secrets?: boolean | undefined;
}

export interface ApplyOptions extends Force {
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean | undefined;
  /** Removes objects that a section of the document does not name; they stay without. */
  readonly prune?: boolean | undefined;
  /** The digest of the steps that were agreed to; others are refused. */
  readonly agreed?: string | undefined;
}

export interface Control {
  createTarget(target: NewTarget): Promise<Changed<TargetFacts>>;
  listTargets(): Promise<readonly TargetFacts[]>;
  showTarget(name: string): Promise<TargetFacts>;
  /**
   * A new iSCSI name ends the sessions under the old one: refused while there are any, unless
   * forced.
   */
  setTarget(name: string, changes: TargetChanges, options?: Force): Promise<Changed<TargetFacts>>;
  deleteTarget(name: string, options?: Force): Promise<Changed<DeletedTarget>>;
  /** Adds initiator identifiers to those who may log in. */
  allow(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>>;
  /** Takes initiator identifiers away; those whom nothing else admits are logged out. */
  deny(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>>;
  /** How much there may be of what. */
  limits(): Promise<readonly LimitFacts[]>;
  /** Sets limits by their names; null stands for the standard value. */
  setLimits(changes: LimitChanges): Promise<Changed<readonly LimitFacts[]>>;
  /** Open sessions, of one target or of all. */
  sessions(target?: string): Promise<readonly SessionFacts[]>;
  /** Initiators that came by in the last seven days, admitted or not, the latest first. */
  initiators(): Promise<readonly VisitorFacts[]>;
  /** Ends sessions; initiators that may still log in can come back at once. */
  disconnect(
    choice: SessionChoice,
    options?: DisconnectOptions,
  ): Promise<Changed<readonly EndedSession[]>>;

  /**
   * What an initiator must prove to log in to the target, or to discover targets where none is
   * named; undefined: nothing, and nothing is proved to it. Sessions that are open stay.
   */
  setChap(
    target: string | undefined,
    chap: NewChap | undefined,
  ): Promise<Changed<AuthenticationFacts>>;
  /** What is proved to the initiator, which must ask for it. Its secret is not that of CHAP. */
  setReverseChap(
    target: string | undefined,
    chap: NewReverseChap | undefined,
  ): Promise<Changed<AuthenticationFacts>>;

  /** Where initiators can come to, with the default where none is declared. */
  listPortals(): Promise<readonly TargetPortalFacts[]>;
  /** The first that is declared takes the place of every address, port 3260. */
  addPortal(portal: NewPortal, options?: Force): Promise<Changed<TargetPortalFacts>>;
  /** Refused while sessions are open that came to it, unless forced, as are the changes of one. */
  removePortal(portal: PortalFacts, options?: Force): Promise<Changed<TargetPortalFacts>>;
  setPortal(
    portal: PortalFacts,
    changes: PortalChanges,
    options?: Force,
  ): Promise<Changed<TargetPortalFacts>>;

  /** Name servers that initiators can find the targets by. */
  listIsnsServers(): Promise<readonly IsnsServerFacts[]>;
  /** Registers all targets there, now and whenever they change. */
  addIsnsServer(server: PortalFacts): Promise<Changed<IsnsServerFacts>>;
  removeIsnsServer(server: PortalFacts): Promise<Changed<PortalFacts>>;

  createDisk(
    disk: NewDisk,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>>;
  importDisk(disk: ImportedDisk): Promise<Changed<DiskFacts>>;
  listDisks(): Promise<readonly DiskFacts[]>;
  showDisk(name: string): Promise<DiskFacts>;
  /**
   * Assigned to that target already: `readOnly` and `shared` are changed, a different LUN is
   * refused.
   */
  assignDisk(name: string, target: string, options?: AssignOptions): Promise<Changed<DiskFacts>>;
  /** From one target, or from all that have it. */
  unassignDisk(name: string, target?: string, options?: Force): Promise<Changed<DiskFacts>>;
  /** Gives the disk more space, while it is used; a failure leaves it as it was. */
  extendDisk(
    name: string,
    extension: Extension,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>>;
  /** From the target that it has to another; whoever had it has lost it before the next gets it. */
  moveDisk(name: string, target: string, options?: MoveOptions): Promise<Changed<DiskFacts>>;
  /**
   * Lets programs of this machine use the disk. While they may write it, no initiator can log in to
   * a target that has it; refused while one is.
   */
  attachDisk(name: string, options?: AttachOptions): Promise<Changed<DiskFacts>>;
  /** Flushes it and takes it from them; refused while it is mounted or in use, unless forced. */
  detachDisk(name: string, options?: Force): Promise<Changed<DiskFacts>>;
  /** Looks for damage in the files of a disk, which may be in use meanwhile. */
  checkDisk(
    name: string,
    options?: CheckOptions,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<CheckedDisk>>;
  setDisk(name: string, changes: DiskChanges): Promise<Changed<DiskFacts>>;
  removeDisk(name: string, options?: RemoveOptions): Promise<Changed<RemovedDisk>>;

  readonly snapshots: SnapshotControl;
  readonly schedules: ScheduleControl;

  /** What happened, in its order; a part of it at a time. */
  events(query?: EventsQuery, signal?: AbortSignal): Promise<EventsPage>;

  /** The server as a document. */
  export(options?: ExportOptions): Promise<ExportFacts>;
  /** Makes the server what the document says, which is as `export` gives it, or a part of that. */
  apply(
    document: unknown,
    options?: ApplyOptions,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<PlanFacts>>;

  status(): Promise<StatusFacts>;
  version(): Promise<VersionFacts>;
  /** Lets go of what the control holds: a connection, a lock. It does not stop a service. */
  close(): Promise<void>;
}
