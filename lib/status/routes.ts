/** The API, a row an operation of the control. Whatever has no row here is not there. */
import { CHAP_ROUTES } from "./chap_routes.ts";
import { DOCUMENT_ROUTES } from "./document_routes.ts";
import * as facts from "./fact_schemas.ts";
import * as inputs from "./inputs.ts";
import { type Route, route } from "./route.ts";

export const ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/api/version",
    summary: "The version of the service",
    access: "read",
    input: {},
    answer: facts.Version,
    run: (control) => control.version(),
  }),
  route({
    method: "get",
    path: "/api/status",
    summary: "The service at a glance",
    access: "read",
    input: {},
    answer: facts.Status,
    run: (control) => control.status(),
  }),
  route({
    method: "get",
    path: "/api/targets",
    summary: "All targets",
    access: "read",
    input: { query: inputs.PageQuery },
    answer: facts.page(facts.Target),
    run: async (control, { query }) => pageOf(await control.listTargets(), query),
  }),
  route({
    method: "post",
    path: "/api/targets",
    summary: "Create a target",
    access: "change",
    input: { body: inputs.NewTargetBody },
    answer: facts.changed(facts.Target),
    run: (control, { body }) => control.createTarget(body),
  }),
  route({
    method: "get",
    path: "/api/targets/{name}",
    summary: "One target",
    access: "read",
    input: { path: inputs.TargetPath },
    answer: facts.Target,
    run: (control, { path }) => control.showTarget(path.name),
  }),
  route({
    method: "patch",
    path: "/api/targets/{name}",
    summary: "Change a target's name, iSCSI name or description",
    access: "change",
    input: { path: inputs.TargetPath, query: inputs.ForceQuery, body: inputs.TargetChangesBody },
    answer: facts.changed(facts.Target),
    run: (control, { path, query, body }) => control.setTarget(path.name, body, query),
  }),
  route({
    method: "delete",
    path: "/api/targets/{name}",
    summary: "Delete a target; its disks stay",
    access: "change",
    input: { path: inputs.TargetPath, query: inputs.ForceQuery },
    answer: facts.changed(facts.DeletedTargetFacts),
    run: (control, { path, query }) => control.deleteTarget(path.name, query),
  }),
  route({
    method: "post",
    path: "/api/targets/{name}/allow",
    summary: "Let initiators log in",
    access: "change",
    input: { path: inputs.TargetPath, body: inputs.IdsBody },
    answer: facts.changed(facts.Target),
    run: (control, { path, body }) => control.allow(path.name, body.ids),
  }),
  route({
    method: "post",
    path: "/api/targets/{name}/deny",
    summary: "Let initiators log in no more",
    access: "change",
    input: { path: inputs.TargetPath, body: inputs.IdsBody },
    answer: facts.changed(facts.Target),
    run: (control, { path, body }) => control.deny(path.name, body.ids),
  }),
  ...CHAP_ROUTES,
  route({
    method: "get",
    path: "/api/sessions",
    summary: "Open sessions, of one target or of all",
    access: "read",
    input: { query: inputs.SessionsQuery },
    answer: facts.page(facts.Session),
    run: async (control, { query }) => pageOf(await control.sessions(query.target), query),
  }),
  route({
    method: "post",
    path: "/api/sessions/disconnect",
    summary: "End sessions: some, those of one target, or all",
    access: "change",
    input: { body: inputs.DisconnectBody },
    answer: facts.changed(facts.EndedSessionFacts.array()),
    run(control, { body: { waitSeconds, ...choice } }) {
      return control.disconnect(choice, { waitSeconds });
    },
  }),
  route({
    method: "get",
    path: "/api/initiators",
    summary: "Initiators that came by in the last seven days, the latest first",
    access: "read",
    input: { query: inputs.PageQuery },
    answer: facts.page(facts.Visitor),
    run: async (control, { query }) => pageOf(await control.initiators(), query),
  }),
  route({
    method: "get",
    path: "/api/events",
    summary: "What happened; a part of it, after a sequence number",
    access: "read",
    input: { query: inputs.EventsQuery },
    answer: facts.Events,
    run: (control, { query }) => control.events(query),
  }),
  route({
    method: "get",
    path: "/api/portals",
    summary: "Where initiators can come to",
    access: "read",
    input: { query: inputs.PageQuery },
    answer: facts.page(facts.TargetPortal),
    run: async (control, { query }) => pageOf(await control.listPortals(), query),
  }),
  route({
    method: "post",
    path: "/api/portals",
    summary: "Add a portal; the first one takes the place of every address",
    access: "change",
    input: { query: inputs.ForceQuery, body: inputs.NewPortalBody },
    answer: facts.changed(facts.TargetPortal),
    run: (control, { query, body }) => control.addPortal(body, query),
  }),
  route({
    method: "patch",
    path: "/api/portals",
    summary: "Change a portal",
    access: "change",
    input: { query: inputs.ForceQuery, body: inputs.PortalChangesBody },
    answer: facts.changed(facts.TargetPortal),
    run(control, { query, body: { portal, ...changes } }) {
      return control.setPortal(portal, changes, query);
    },
  }),
  route({
    method: "post",
    path: "/api/portals/remove",
    summary: "Remove a portal",
    access: "change",
    input: { query: inputs.ForceQuery, body: inputs.PortalBody },
    answer: facts.changed(facts.TargetPortal),
    run: (control, { query, body }) => control.removePortal(body, query),
  }),
  route({
    method: "get",
    path: "/api/disks",
    summary: "All disks",
    access: "read",
    input: { query: inputs.PageQuery },
    answer: facts.page(facts.Disk),
    run: async (control, { query }) => pageOf(await control.listDisks(), query),
  }),
  route({
    method: "post",
    path: "/api/disks",
    summary: "Create a disk",
    access: "change",
    long: true,
    input: { body: inputs.NewDiskBody },
    answer: facts.changed(facts.Disk),
    run: (control, { body }, course) => control.createDisk(body, course.onProgress, course.signal),
  }),
  route({
    method: "post",
    path: "/api/disks/import",
    summary: "Take an existing file as a disk",
    access: "change",
    input: { body: inputs.ImportedDiskBody },
    answer: facts.changed(facts.Disk),
    run: (control, { body }) => control.importDisk(body),
  }),
  route({
    method: "get",
    path: "/api/disks/{name}",
    summary: "One disk",
    access: "read",
    input: { path: inputs.DiskPath },
    answer: facts.Disk,
    run: (control, { path }) => control.showDisk(path.name),
  }),
  route({
    method: "patch",
    path: "/api/disks/{name}",
    summary: "Change a disk's name or description, or how it may be used",
    access: "change",
    input: { path: inputs.DiskPath, body: inputs.DiskChangesBody },
    answer: facts.changed(facts.Disk),
    run: (control, { path, body }) => control.setDisk(path.name, body),
  }),
  route({
    method: "delete",
    path: "/api/disks/{name}",
    summary: "Forget a disk; its file stays unless its deletion is asked for",
    access: "change",
    input: { path: inputs.DiskPath, query: inputs.RemoveQuery },
    answer: facts.changed(facts.RemovedDiskFacts),
    run: (control, { path, query }) => control.removeDisk(path.name, query),
  }),
  route({
    method: "post",
    path: "/api/disks/{name}/assign",
    summary: "Assign a disk to a target",
    access: "change",
    input: { path: inputs.DiskPath, body: inputs.AssignBody },
    answer: facts.changed(facts.Disk),
    run(control, { path, body: { target, ...options } }) {
      return control.assignDisk(path.name, target, options);
    },
  }),
  route({
    method: "post",
    path: "/api/disks/{name}/extend",
    summary: "Give a disk more space, while it is used",
    access: "change",
    long: true,
    input: { path: inputs.DiskPath, body: inputs.ExtendBody },
    answer: facts.changed(facts.Disk),
    run(control, { path, body }, { onProgress, signal }) {
      return control.extendDisk(path.name, body, onProgress, signal);
    },
  }),
  route({
    method: "post",
    path: "/api/disks/{name}/move",
    summary: "Take a disk from one target and give it to another",
    access: "change",
    input: { path: inputs.DiskPath, body: inputs.MoveBody },
    answer: facts.changed(facts.Disk),
    run(control, { path, body: { target, ...options } }) {
      return control.moveDisk(path.name, target, options);
    },
  }),
  route({
    method: "post",
    path: "/api/disks/{name}/unassign",
    summary: "Take a disk from a target, or from every target that has it",
    access: "change",
    input: { path: inputs.DiskPath, body: inputs.UnassignBody },
    answer: facts.changed(facts.Disk),
    run(control, { path, body: { target, force } }) {
      return control.unassignDisk(path.name, target, { force });
    },
  }),
  ...DOCUMENT_ROUTES,
];

/** The part of the list that is asked for. */
function pageOf<T>(items: readonly T[], query: { offset: number; limit: number }) {
  const end = query.offset + query.limit;
  return { items: items.slice(query.offset, end), next: end < items.length ? end : null };
}
