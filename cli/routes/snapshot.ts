/** `sanctl snapshot …`: what each verb is called and takes; its action is loaded when called. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import { parseSize } from "../../lib/config/size.ts";
import type { AttachWay } from "../../lib/nbd/attach/way.ts";
import { WAY_FLAG } from "../attachment.ts";
import type { Context } from "../context.ts";
import { KEEP_FLAGS, type KeepFlags } from "../keep_flags.ts";
import {
  DISK_ARGUMENT,
  FORCE_FLAG,
  parseDestination,
  parseWholeNumber,
  SNAPSHOT_ARGUMENT,
  switchFlag,
  textFlag,
  YES_FLAG,
} from "../parameters.ts";
import { snapshotScheduleRoutes } from "./schedule.ts";

export interface SnapshotCreateFlags {
  readonly group?: boolean;
  readonly name?: string;
  readonly description?: string;
}

const create = buildCommand<SnapshotCreateFlags, string[], Context>({
  loader: () => import("../commands/snapshot_create.ts"),
  parameters: {
    flags: {
      group: switchFlag("Of all the disks at one moment; one after the other without"),
      name: textFlag("NAME", "Its name; the disk's with the time without"),
      description: textFlag("TEXT", "What it is for"),
    },
    positional: { kind: "array", minimum: 1, parameter: DISK_ARGUMENT },
  },
  docs: { brief: "Keep disks as they are now, also while initiators write to them" },
});

const list = buildCommand<Record<never, never>, [disk?: string], Context>({
  loader: () => import("../commands/snapshot_list.ts"),
  parameters: {
    positional: { kind: "tuple", parameters: [{ ...DISK_ARGUMENT, optional: true }] },
  },
  docs: { brief: "List the snapshots, of one disk or of all, with the space that each takes" },
});

const show = buildCommand<Record<never, never>, [name: string], Context>({
  loader: () => import("../commands/snapshot_show.ts"),
  parameters: { positional: { kind: "tuple", parameters: [SNAPSHOT_ARGUMENT] } },
  docs: { brief: "Show one snapshot" },
});

export interface SnapshotDeleteFlags {
  readonly wait?: boolean;
  readonly yes?: boolean;
}

const deleteSnapshot = buildCommand<SnapshotDeleteFlags, [name: string], Context>({
  loader: () => import("../commands/snapshot_delete.ts"),
  parameters: {
    flags: { wait: switchFlag("Until its space is free, with progress"), yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [SNAPSHOT_ARGUMENT] },
  },
  docs: { brief: "Delete a snapshot; its space comes free in the background" },
});

export interface SnapshotPruneFlags extends KeepFlags {
  readonly schedule?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const prune = buildCommand<SnapshotPruneFlags, [disk: string], Context>({
  loader: () => import("../commands/snapshot_prune.ts"),
  parameters: {
    flags: {
      ...KEEP_FLAGS,
      schedule: textFlag("NAME", "Only those that this schedule has taken"),
      dryRun: switchFlag("Only tell what would be deleted"),
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Delete the snapshots of a disk that no rule keeps, unless something needs them" },
});

export interface SnapshotRollbackFlags {
  readonly discard?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const rollback = buildCommand<SnapshotRollbackFlags, [name: string], Context>({
  loader: () => import("../commands/snapshot_rollback.ts"),
  parameters: {
    flags: {
      discard: switchFlag("Do not keep what the disk holds now: it is lost"),
      force: { ...FORCE_FLAG, brief: "Go on although initiators are logged in" },
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [SNAPSHOT_ARGUMENT] },
  },
  docs: { brief: "Make a disk what it was, at once; what it is now is kept as a snapshot" },
});

const exportSnapshot = buildCommand<Record<never, never>, [name: string, file: string], Context>({
  loader: () => import("../commands/snapshot_export.ts"),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        SNAPSHOT_ARGUMENT,
        { brief: "The VHD to make", placeholder: "FILE", parse: parseDestination },
      ],
    },
  },
  docs: { brief: "Write a snapshot into a VHD that needs no other file" },
});

export interface SnapshotAttachFlags {
  readonly target?: string;
  readonly way?: AttachWay;
  readonly writable?: boolean;
  readonly name?: string;
  readonly lun?: number;
}

const attach = buildCommand<SnapshotAttachFlags, [name: string], Context>({
  loader: () => import("../commands/snapshot_attach.ts"),
  parameters: {
    flags: {
      target: textFlag("TARGET", "Whose initiators are to see it; this machine itself without"),
      way: WAY_FLAG,
      writable: switchFlag("As a clone, which takes what is written; the snapshot stays"),
      name: textFlag("DISK", "The name of the disk that shows it; the snapshot's without"),
      lun: {
        kind: "parsed",
        parse: parseWholeNumber,
        optional: true,
        placeholder: "N",
        brief: "Its logical unit number; the lowest free one without",
      },
    },
    positional: { kind: "tuple", parameters: [SNAPSHOT_ARGUMENT] },
  },
  docs: { brief: "Let initiators, or this machine, see a snapshot as a disk" },
});

export interface SnapshotDetachFlags {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const detach = buildCommand<SnapshotDetachFlags, [name: string], Context>({
  loader: () => import("../commands/snapshot_detach.ts"),
  parameters: {
    flags: { force: FORCE_FLAG, yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [SNAPSHOT_ARGUMENT] },
  },
  docs: { brief: "Take away the disks that show a snapshot, and its clones" },
});

export interface SnapshotLimitFlags {
  readonly space?: string;
}

const limit = buildCommand<SnapshotLimitFlags, [disk: string], Context>({
  loader: () => import("../commands/snapshot_limit.ts"),
  parameters: {
    flags: {
      space: {
        ...textFlag("SIZE|none", "At most so much; without it shows what there is"),
        parse: parseLimit,
      },
    },
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT] },
  },
  docs: { brief: "Limit the space that the snapshots of a disk take; the disk itself goes on" },
});

/** A size, or that there is no limit. */
function parseLimit(text: string): string {
  if (text !== "none") parseSize(text);
  return text;
}

export const snapshotRoutes = buildRouteMap({
  routes: {
    create,
    list,
    show,
    delete: deleteSnapshot,
    rollback,
    export: exportSnapshot,
    attach,
    detach,
    limit,
    prune,
    schedule: snapshotScheduleRoutes,
  },
  docs: { brief: "Snapshots: disks as they were" },
});
