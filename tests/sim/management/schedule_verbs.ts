/** The model of what is done by itself, and of the space of snapshots. */
import type { NewSchedule, ScheduleKind } from "../../../lib/config/control.ts";
import { checkName, type Model, type ModelSchedule, require } from "./model.ts";

export const SCHEDULE_VERBS = {
  "schedules.add"(model: Model, asked: NewSchedule): void {
    const { kind, cron, name, directory, keep } = asked;
    const disks = asked.disks.map((each) => {
      const disk = model.disk(each);
      require(disk.format === "vhd", "failed", "no snapshots of it");
      return disk;
    });
    require(directory === undefined || directory.startsWith("/"), "usage", "no absolute path");
    checkCron(cron);
    const found = name === undefined ? freeName(model, asked) : name;
    checkScheduleName(found);
    require(model.schedules.every((each) => each.name !== found), "in-use", "the name is taken");
    const last = keep?.last;
    require(last === undefined || last > 0, "usage", "it keeps nothing");
    require((kind === "backup") === (directory !== undefined), "usage", "a directory");
    require(kind === "backup" || (last !== undefined && last < 120), "usage", "how many are kept");
    require(directory === undefined || directory === "/tmp", "not-found", "no directory");
    model.schedules.push({ name: found, kind, disks, cron, last: last ?? null });
  },

  "schedules.remove"(model: Model, name: string, kind: ScheduleKind | undefined): void {
    const isIt = (each: ModelSchedule) =>
      each.name === name && (kind === undefined || each.kind === kind);
    require(model.schedules.some(isIt), "not-found", `no schedule ${name}`);
    model.schedules = model.schedules.filter((each) => !isIt(each));
  },

  "snapshots.limit"(model: Model, name: string, limit: number | null | undefined): void {
    const disk = model.disk(name);
    if (limit === undefined) return;
    require(limit === null || Number.isInteger(limit) && limit > 0, "usage", "no space");
    require(limit === null || disk.format === "vhd", "failed", "no snapshots of it");
    if (limit === null) model.snapshotSpaces.delete(disk);
    else model.snapshotSpaces.set(disk, limit);
  },
};

export function checkCron(cron: string): void {
  require(cron === "@monthly" || cron === "0 3 1 6 *", "usage", "no times");
}

export function checkScheduleName(name: string): void {
  // Names that are made of a disk's have a dash.
  checkName(name.replaceAll(/-|\d/g, ""));
}

function freeName({ schedules }: Model, { disks, kind }: NewSchedule): string {
  for (let number = 1;; number++) {
    const name = `${disks[0]}-${kind}s${number === 1 ? "" : `-${number}`}`;
    if (schedules.every((each) => each.name !== name)) return name;
  }
}
