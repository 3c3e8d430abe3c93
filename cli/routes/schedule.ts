/** `sanctl snapshot schedule …` and `sanctl backup schedule …`: what is done by itself. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { ScheduleKind } from "../../lib/config/schedule_control.ts";
import type { Context } from "../context.ts";
import { KEEP_FLAGS, type KeepFlags } from "../keep_flags.ts";
import {
  BACKUP_DIRECTORY_ARGUMENT,
  DISK_ARGUMENT,
  namesOf,
  switchFlag,
  textFlag,
} from "../parameters.ts";

export interface ScheduleAddFlags extends KeepFlags {
  readonly cron: string;
  readonly name?: string;
}

export interface SnapshotScheduleAddFlags extends ScheduleAddFlags {
  readonly group?: boolean;
}

const ADD_FLAGS = {
  cron: {
    kind: "parsed",
    parse: String,
    placeholder: "TIMES",
    brief: 'When: "MINUTE HOUR DAY MONTH WEEKDAY", or @hourly, @daily, @weekly, @monthly',
  },
  name: textFlag("NAME", "Its name; the disk's with what it makes without"),
  ...KEEP_FLAGS,
  timeZone: textFlag("ZONE", "Whose clock counts, such as Europe/Berlin; the machine's without"),
} as const;

const WHEN =
  "What was due while no service ran is done once when it runs again, nothing is done\n" +
  "twice at a time, and what failed is tried again after 1, 5 and 15 minutes. A time that\n" +
  "daylight saving leaves out is at the end of the gap; one that comes twice is there once.";

const addSnapshots = buildCommand<SnapshotScheduleAddFlags, string[], Context>({
  loader: () => import("../commands/snapshot_schedule_add.ts"),
  parameters: {
    flags: { ...ADD_FLAGS, group: switchFlag("Of all the disks at one moment") },
    positional: { kind: "array", minimum: 1, parameter: DISK_ARGUMENT },
  },
  docs: {
    brief: "Take snapshots again and again",
    fullDescription:
      `Takes snapshots of disks while the service runs, and deletes those of its own ` +
      `that no rule\nkeeps: "0 * * * *" with --keep-hourly 24 --keep-daily 7, for one.\n${WHEN}`,
  },
});

const addBackups = buildCommand<ScheduleAddFlags, [disk: string, directory: string], Context>({
  loader: () => import("../commands/backup_schedule_add.ts"),
  parameters: {
    flags: ADD_FLAGS,
    positional: { kind: "tuple", parameters: [DISK_ARGUMENT, BACKUP_DIRECTORY_ARGUMENT] },
  },
  docs: {
    brief: "Back a disk up again and again",
    fullDescription:
      `Backs a disk up while the service runs, and removes the backups of the disk ` +
      `that no rule\nkeeps: "30 2 * * *" with --keep-daily 7 --keep-weekly 5, for one.\n${WHEN}`,
  },
});

function listOf(kind: ScheduleKind) {
  return buildCommand<Record<never, never>, [], Context>({
    loader: async () => {
      const { default: list } = await import("../commands/schedule_list.ts");
      return list(kind);
    },
    parameters: {},
    docs: { brief: "List the schedules, when each ran last, how that went, and when it runs next" },
  });
}

function scheduleArgument(kind: ScheduleKind) {
  return {
    brief: "The schedule's name",
    placeholder: "SCHEDULE",
    parse: String,
    proposeCompletions(this: Context) {
      return namesOf(this, (control) => control.schedules.list(kind));
    },
  };
}

export interface ScheduleSetFlags extends KeepFlags {
  readonly cron?: string;
  readonly directory?: string;
}

const { name: _, ...OTHER_FLAGS } = ADD_FLAGS;
const SET_FLAGS = { ...OTHER_FLAGS, cron: { ...ADD_FLAGS.cron, optional: true } } as const;
const DIRECTORY = {
  ...BACKUP_DIRECTORY_ARGUMENT,
  kind: "parsed",
  optional: true,
  brief: "Where backups are kept from now on; those elsewhere stay",
} as const;

const SET_DOCS = {
  brief: "Change when, where to and how much is kept; what is not given stays",
  fullDescription: "Changes a schedule, which keeps its name and what it has made. Rules of what " +
    "is kept take the\nplace of all those there were.",
} as const;

function setOf(kind: ScheduleKind) {
  const loader = async () => {
    const { default: set } = await import("../commands/schedule_set.ts");
    return set(kind);
  };
  const positional = { kind: "tuple", parameters: [scheduleArgument(kind)] } as const;
  return kind === "backup"
    ? buildCommand<ScheduleSetFlags, [name: string], Context>({
      loader,
      parameters: { flags: { ...SET_FLAGS, directory: DIRECTORY }, positional },
      docs: SET_DOCS,
    })
    : buildCommand<Omit<ScheduleSetFlags, "directory">, [name: string], Context>({
      loader,
      parameters: { flags: SET_FLAGS, positional },
      docs: SET_DOCS,
    });
}

function removeOf(kind: ScheduleKind) {
  return buildCommand<Record<never, never>, [name: string], Context>({
    loader: async () => {
      const { default: remove } = await import("../commands/schedule_remove.ts");
      return remove(kind);
    },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [scheduleArgument(kind)],
      },
    },
    docs: { brief: `Make no more ${kind}s by itself; those that were made stay` },
  });
}

export const snapshotScheduleRoutes = buildRouteMap({
  routes: {
    list: listOf("snapshot"),
    add: addSnapshots,
    set: setOf("snapshot"),
    remove: removeOf("snapshot"),
  },
  docs: { brief: "Snapshots that are taken by themselves" },
});

export const backupScheduleRoutes = buildRouteMap({
  routes: {
    list: listOf("backup"),
    add: addBackups,
    set: setOf("backup"),
    remove: removeOf("backup"),
  },
  docs: { brief: "Backups that are made by themselves" },
});
