/** `sanctl backup …`: what each verb is called and takes; its action is loaded when called. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Context } from "../context.ts";
import { KEEP_FLAGS, type KeepFlags } from "../keep_flags.ts";
import {
  BACKUP_DIRECTORY_ARGUMENT as DIRECTORY_ARGUMENT,
  DISK_ARGUMENT,
  FORCE_FLAG,
  parseDestination,
  switchFlag,
  textFlag,
  YES_FLAG,
} from "../parameters.ts";
import { backupScheduleRoutes } from "./schedule.ts";

export interface BackupCreateFlags extends KeepFlags {
  readonly full?: boolean;
  readonly noBase?: boolean;
  readonly description?: string;
}

const create = buildCommand<BackupCreateFlags, [disk: string, directory: string], Context>({
  loader: () => import("../commands/backup_create.ts"),
  parameters: {
    flags: {
      full: switchFlag("Store everything anew, whatever earlier backups hold"),
      noBase: switchFlag("Keep no snapshot: the next backup reads the whole disk"),
      description: textFlag("TEXT", "What it is for"),
      ...KEEP_FLAGS,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT, DIRECTORY_ARGUMENT] },
  },
  docs: {
    brief: "Back a disk up, also while initiators write to it",
    fullDescription: "Backs a disk up, also while initiators write to it. A snapshot of what was " +
      "backed up stays,\nby which the next backup in the directory reads what has changed, and no " +
      "more; --no-base\nkeeps none. With --keep and the like the backups of the disk in the " +
      "directory that no\nrule keeps are removed then.",
  },
});

export interface BackupDiskFlags {
  readonly disk?: string;
}

const DISK_FLAG = textFlag("DISK", "Only those of this disk");

const list = buildCommand<BackupDiskFlags, [directory: string], Context>({
  loader: () => import("../commands/backup_list.ts"),
  parameters: {
    flags: { disk: DISK_FLAG },
    positional: { kind: "tuple", parameters: [DIRECTORY_ARGUMENT] },
  },
  docs: { brief: "List the backups in a directory" },
});

const verify = buildCommand<BackupDiskFlags, [directory: string], Context>({
  loader: () => import("../commands/backup_verify.ts"),
  parameters: {
    flags: { disk: DISK_FLAG },
    positional: { kind: "tuple", parameters: [DIRECTORY_ARGUMENT] },
  },
  docs: { brief: "Read all that the backups need, and check it" },
});

export interface BackupPruneFlags extends BackupDiskFlags, KeepFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const prune = buildCommand<BackupPruneFlags, [directory: string], Context>({
  loader: () => import("../commands/backup_prune.ts"),
  parameters: {
    flags: {
      disk: DISK_FLAG,
      ...KEEP_FLAGS,
      dryRun: switchFlag("Only tell what would be removed"),
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [DIRECTORY_ARGUMENT] },
  },
  docs: { brief: "Remove the backups of each disk that no rule keeps" },
});

export interface BackupRestoreFlags extends BackupDiskFlags {
  readonly backup?: string;
  readonly over?: string;
  readonly discard?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const restore = buildCommand<BackupRestoreFlags, [directory: string, file?: string], Context>({
  loader: () => import("../commands/backup_restore.ts"),
  parameters: {
    flags: {
      backup: textFlag("ID", "As backup list shows it; the latest without"),
      disk: textFlag("DISK", "Of which disk, where there are several"),
      over: {
        ...textFlag("DISK", "Make this disk what it was, in the place of a new file"),
        proposeCompletions: DISK_ARGUMENT.proposeCompletions,
      },
      discard: switchFlag("With --over: do not keep what the disk holds now: it is lost"),
      force: { ...FORCE_FLAG, brief: "With --over: go on although initiators are logged in" },
      yes: YES_FLAG,
    },
    positional: {
      kind: "tuple",
      parameters: [
        DIRECTORY_ARGUMENT,
        { brief: "The VHD to make", placeholder: "FILE", parse: parseDestination, optional: true },
      ],
    },
  },
  docs: { brief: "Make a VHD of a backup, or make a disk what it was then" },
});

export const backupRoutes = buildRouteMap({
  routes: { create, list, verify, restore, prune, schedule: backupScheduleRoutes },
  docs: { brief: "Backups of disks, in directories" },
});
