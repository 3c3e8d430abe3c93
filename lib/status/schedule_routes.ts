/** The API's rows for schedules. */
import * as facts from "./fact_schemas.ts";
import { listRoute } from "./list_route.ts";
import { type Route, route } from "./route.ts";
import * as schedule from "./schedule_schemas.ts";

export const SCHEDULE_ROUTES: readonly Route[] = [
  listRoute({
    path: "/api/schedules",
    summary: "What is done by itself, of one kind or of all, and how it went last",
    query: schedule.SchedulesQuery,
    of: schedule.Schedule,
    items: (control, query) => control.schedules.list(query.kind),
  }),
  route({
    method: "post",
    path: "/api/schedules",
    summary: "Take snapshots, or make backups, again and again",
    access: "change",
    input: { body: schedule.NewScheduleBody },
    answer: facts.changed(schedule.Schedule),
    run: (control, { body }) => control.schedules.add(body),
  }),
  route({
    method: "post",
    path: "/api/schedules/set",
    summary: "Do it at other times, for other disks, elsewhere, or keep other numbers of it",
    access: "change",
    input: { body: schedule.SetScheduleBody },
    answer: facts.changed(schedule.Schedule),
    run: (control, { body: { name, kind, ...changes } }) =>
      control.schedules.set(name, changes, kind),
  }),
  route({
    method: "post",
    path: "/api/schedules/remove",
    summary: "Do it no more; what was made stays",
    access: "change",
    input: { body: schedule.RemoveScheduleBody },
    answer: facts.changed(schedule.Schedule),
    run: (control, { body: { name, kind } }) => control.schedules.remove(name, kind),
  }),
];
