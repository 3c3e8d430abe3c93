/** The schedules of a document take the place of all there are; else they stay with their disks. */
import { withDisksRenamed } from "../operations/schedules_of_disk.ts";
import { checkSchedule } from "../schedules/check_schedule.ts";
import type { DeclaredState } from "../schema.ts";
import { whyNoSnapshots } from "../snapshots/no_snapshots.ts";
import type { ServerDocument } from "./document.ts";
import { inPlace, placedError } from "./place.ts";

/** `next` has its disks already, under the names that they will have. */
export function mergeSchedules(
  next: DeclaredState,
  { disks: before, schedules: present }: DeclaredState,
  { schedules: asked }: ServerDocument,
): DeclaredState {
  if (asked === undefined) {
    checkKept(next, before);
    return withDisksRenamed(next, renamed(before, next));
  }
  const { schedules: _, ...rest } = next;
  if (asked === null || asked.length === 0) return rest;
  const names = new Set<string>();
  for (const [at, schedule] of asked.entries()) {
    inPlace(["schedules", at], () => checkSchedule(schedule));
    checkDisks(next, schedule.disks, at);
    if (names.has(schedule.name)) {
      const why = `schedule ${schedule.name} is there twice`;
      throw placedError(["schedules", at, "name"], "usage", why, "leave one of them out");
    }
    names.add(schedule.name);
  }
  // Those that stay keep their order, so that nothing seems to change that does not.
  const order = (present ?? []).map(({ name }) => name);
  const place = (name: string) => (order.indexOf(name) + 1) || Infinity;
  const schedules = asked.toSorted((one, other) => place(one.name) - place(other.name) || 0);
  return { ...rest, schedules };
}

function checkDisks(state: DeclaredState, disks: readonly string[], at: number): void {
  for (const [index, name] of disks.entries()) {
    const place = ["schedules", at, "disks", index];
    const disk = state.disks.find((each) => each.name === name);
    if (disk === undefined) {
      const next = "name it among the disks, with its path";
      throw placedError(place, "not-found", `there will be no disk ${name}`, next);
    }
    const [why, next] = whyNoSnapshots(disk) ?? [];
    if (why !== undefined) throw placedError(place, "usage", `disk ${name} is ${why}`, next);
    if (disks.indexOf(name) !== index) {
      throw placedError(place, "usage", `disk ${name} is there twice`, "leave one of them out");
    }
  }
}

/** Refuses to take disks away from schedules of which nothing is said. */
function checkKept(next: DeclaredState, before: DeclaredState["disks"]): void {
  const kept = new Set(next.disks.map(({ uuid }) => uuid));
  for (const { uuid, name } of before) {
    if (kept.has(uuid)) continue;
    const needs = next.schedules?.find(({ disks }) => disks.includes(name));
    if (needs === undefined) continue;
    throw placedError(
      ["disks"],
      "in-use",
      `disk ${name} would be removed, and is in schedule ${needs.name}`,
      "name it among the disks; or say in schedules which there are to be",
    );
  }
}

/** What disks that stay were called → what they are called. */
function renamed(before: DeclaredState["disks"], { disks }: DeclaredState): Map<string, string> {
  const names = new Map(disks.map(({ uuid, name }) => [uuid, name]));
  return new Map(before.flatMap(({ uuid, name }) => {
    const now = names.get(uuid);
    return now === undefined || now === name ? [] : [[name, now]];
  }));
}
