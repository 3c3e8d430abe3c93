/** What there is to do with snapshots: a part of the {@link Control}. */
import type { CheckOptions } from "./control.ts";
import type { AttachWay, Changed, CheckedDisk, DiskFacts, Progress } from "./facts.ts";
import type { Keep } from "./schedule_control.ts";

/** `deleting`: what was written since is being merged, and then it is gone. */
export type SnapshotState = "ready" | "deleting";

export interface SnapshotFacts {
  /** Its name, as no other snapshot of the server has. */
  readonly name: string;
  /** The name of the disk. */
  readonly disk: string;
  readonly uuid: string;
  readonly takenAt: string;
  /** Empty without one. */
  readonly description: string;
  readonly state: SnapshotState;
  /** The disk's capacity then. */
  readonly size: number;
  /** Octets that are taken up because it is kept; null where they cannot be told. */
  readonly space: number | null;
  /** Its file; it needs those under it too. */
  readonly path: string;
  /** The schedule that took it; null where that was nobody's. */
  readonly schedule: string | null;
  /** The folder of the backup that was made of it, for the next one there; null without one. */
  readonly backup: string | null;
  /** The disks that show it, or that are clones of it. */
  readonly attached: readonly string[];
}

export interface NewSnapshot {
  readonly disks: readonly string[];
  /** All at one moment; one after the other without. */
  readonly group?: boolean | undefined;
  /** Of several disks each snapshot's name begins with its disk's. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** The schedule that takes it. */
  readonly schedule?: string | undefined;
  /** The folder of the backup that it is taken for. */
  readonly backup?: string | undefined;
}

export interface RollBackOptions {
  /** Although initiators are logged in, which will find other data than they left. */
  readonly force?: boolean | undefined;
  /** What the disk holds now is lost, and not kept as a snapshot. */
  readonly discard?: boolean | undefined;
}

export interface AttachOptions {
  /** Whose initiators are to see it; programs of the server itself without. */
  readonly target?: string | undefined;
  /** How programs of the server reach it; the best way that there is without. */
  readonly way?: AttachWay | undefined;
  /** What is written goes to a clone; the snapshot stays as it is. */
  readonly writable?: boolean | undefined;
  /** The name of the disk that shows it; the snapshot's without. */
  readonly name?: string | undefined;
  readonly lun?: number | undefined;
}

export interface DeleteSnapshotOptions {
  /** Until its space is free. */
  readonly wait?: boolean | undefined;
}

export interface SnapshotLimitFacts {
  readonly disk: string;
  /** Octets that its snapshots may take; null: as many as there are. */
  readonly limit: number | null;
  /** Octets that they take. */
  readonly space: number | null;
}

export interface PruneOptions {
  /** Each rule keeps something; what no rule keeps goes. */
  readonly keep: Keep;
  /** Whose calendar days are, as an IANA name; the machine's without. */
  readonly timeZone?: string | undefined;
  /** Only those that this schedule has taken. */
  readonly schedule?: string | undefined;
  /** Nothing is deleted, it is only told what would be. */
  readonly dryRun?: boolean | undefined;
}

export interface NewBackup {
  /** The absolute path of where backups are kept, a folder for each disk. */
  readonly directory: string;
  /** Stores everything anew; only what no earlier backup has without. */
  readonly full?: boolean | undefined;
  readonly description?: string | undefined;
  /** The directory is not made where it is missing: what it lies on may not be mounted. */
  readonly inPlace?: boolean | undefined;
  /** No snapshot is kept, by which the next backup would know what changed since. */
  readonly noBase?: boolean | undefined;
  /** Which backups of the disk stay there; all without. */
  readonly keep?: Keep | undefined;
  /** Whose calendar days are, as an IANA name; the machine's without. */
  readonly timeZone?: string | undefined;
}

export interface BackupFacts {
  readonly id: string;
  readonly disk: string;
  readonly takenAt: string;
  readonly description: string;
  /** The disk's capacity then. */
  readonly size: number;
  readonly kind: "full" | "incremental";
  /** Octets that were stored for it. */
  readonly stored: number;
  /** Octets of the disk that were read for it; told where it is made, null in lists. */
  readonly read: number | null;
  /** The folder that it is in. */
  readonly path: string;
}

export interface BackupVerdictFacts {
  readonly disk: string;
  readonly path: string;
  /** Of each, how many chunks are lost or damaged. */
  readonly backups: readonly { readonly id: string; readonly badChunks: number }[];
  /** What else is wrong in the folder, a sentence each. */
  readonly flaws: readonly string[];
  readonly octetsRead: number;
}

/** The backups of one disk that were removed, or would be. */
export interface PrunedBackupsFacts {
  readonly disk: string;
  readonly path: string;
  /** Their ids. */
  readonly removed: readonly string[];
  /** Octets; 0 where nothing was done. */
  readonly freed: number;
}

export interface RestoreOverOptions extends RollBackOptions {
  /** Where backups are kept. */
  readonly directory: string;
  /** Of which disk they are, where there are several. */
  readonly of?: string | undefined;
  /** The latest without. */
  readonly backup?: string | undefined;
}

/** How a long operation is followed, and called off. */
export interface Followed {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SnapshotControl {
  create(snapshot: NewSnapshot): Promise<Changed<readonly SnapshotFacts[]>>;
  /** Of one disk or of all, in the order in which they were taken. */
  list(disk?: string): Promise<readonly SnapshotFacts[]>;
  show(name: string): Promise<SnapshotFacts>;
  /** The space comes free in the background. */
  delete(
    name: string,
    options?: DeleteSnapshotOptions,
    followed?: Followed,
  ): Promise<Changed<SnapshotFacts>>;
  /** Deletes those of a disk that no rule keeps, and that nothing needs; answers which. */
  prune(disk: string, options: PruneOptions): Promise<Changed<readonly SnapshotFacts[]>>;
  /** Makes the disk what it was. What it is now is kept as another snapshot. */
  rollBack(name: string, options?: RollBackOptions): Promise<Changed<DiskFacts>>;
  /** Writes the snapshot into a VHD that needs no other file, which is made. */
  export(name: string, path: string, followed?: Followed): Promise<Changed<SnapshotFacts>>;
  /** Makes a disk that shows the snapshot, and assigns it, or attaches it on the server. */
  attach(name: string, options: AttachOptions): Promise<Changed<DiskFacts>>;
  /** Takes away every disk that shows the snapshot; what was written to a clone is lost. */
  detach(name: string, force?: boolean): Promise<Changed<SnapshotFacts>>;
  /** Looks for damage in the file of a snapshot, and in those under it. */
  check(name: string, options?: CheckOptions, followed?: Followed): Promise<Changed<CheckedDisk>>;
  /** Backs the disk up, which may be in use, as it is at this moment. */
  backUp(disk: string, backup: NewBackup, followed?: Followed): Promise<Changed<BackupFacts>>;
  /** Makes the disk what it was when it was backed up; what it is now is kept as a snapshot. */
  restoreOver(
    disk: string,
    options: RestoreOverOptions,
    followed?: Followed,
  ): Promise<Changed<DiskFacts>>;
  /** How much space the disk's snapshots may take; null: no limit; undefined changes nothing. */
  limit(disk: string, limit?: number | null): Promise<Changed<SnapshotLimitFacts>>;
}
