/** The API's rows for snapshots. */
import * as facts from "./fact_schemas.ts";
import * as inputs from "./inputs.ts";
import { pageOf } from "./page_of.ts";
import { type Route, route } from "./route.ts";
import * as snapshot from "./snapshot_schemas.ts";

export const SNAPSHOT_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/api/snapshots",
    summary: "Snapshots, of one disk or of all",
    access: "read",
    input: { query: snapshot.SnapshotsQuery },
    answer: facts.page(snapshot.Snapshot),
    run: async (control, { query }) => pageOf(await control.snapshots.list(query.disk), query),
  }),
  route({
    method: "post",
    path: "/api/snapshots",
    summary: "Take snapshots of disks while they are used",
    access: "change",
    long: true,
    input: { body: snapshot.NewSnapshotBody },
    answer: facts.changed(snapshot.Snapshot.array()),
    run: (control, { body }) => control.snapshots.create(body),
  }),
  route({
    method: "post",
    path: "/api/snapshots/limit",
    summary: "How much space the snapshots of a disk may take",
    access: "change",
    input: { body: snapshot.SnapshotLimitBody },
    answer: facts.changed(snapshot.SnapshotLimit),
    run: (control, { body: { disk, limit } }) => control.snapshots.limit(disk, limit),
  }),
  route({
    method: "post",
    path: "/api/backups",
    summary: "Back a disk up while it is used",
    access: "change",
    long: true,
    input: { body: snapshot.NewBackupBody },
    answer: facts.changed(snapshot.Backup),
    run: (control, { body: { disk, ...backup } }, course) =>
      control.snapshots.backUp(disk, backup, course),
  }),
  route({
    method: "get",
    path: "/api/snapshots/{name}",
    summary: "One snapshot",
    access: "read",
    input: { path: snapshot.SnapshotPath },
    answer: snapshot.Snapshot,
    run: (control, { path }) => control.snapshots.show(path.name),
  }),
  route({
    method: "post",
    path: "/api/snapshots/{name}/delete",
    summary: "Delete a snapshot; its space comes free in the background",
    access: "change",
    long: true,
    input: { path: snapshot.SnapshotPath, body: snapshot.DeleteSnapshotBody },
    answer: facts.changed(snapshot.Snapshot),
    run: (control, { path, body }, course) => control.snapshots.delete(path.name, body, course),
  }),
  route({
    method: "post",
    path: "/api/snapshots/{name}/roll-back",
    summary: "Make a disk what it was; what it is now is kept as another snapshot",
    access: "change",
    long: true,
    input: { path: snapshot.SnapshotPath, body: snapshot.RollBackBody },
    answer: facts.changed(facts.Disk),
    run: (control, { path, body }) => control.snapshots.rollBack(path.name, body),
  }),
  route({
    method: "post",
    path: "/api/snapshots/{name}/export",
    summary: "Write a snapshot into a VHD that needs no other file",
    access: "change",
    long: true,
    input: { path: snapshot.SnapshotPath, body: snapshot.ExportSnapshotBody },
    answer: facts.changed(snapshot.Snapshot),
    run: (control, { path, body }, course) =>
      control.snapshots.export(path.name, body.path, course),
  }),
  route({
    method: "post",
    path: "/api/snapshots/{name}/attach",
    summary: "Let initiators, or programs of the server, use a snapshot or a clone of it",
    access: "change",
    input: { path: snapshot.SnapshotPath, body: snapshot.AttachBody },
    answer: facts.changed(facts.Disk),
    run: (control, { path, body }) => control.snapshots.attach(path.name, body),
  }),
  route({
    method: "post",
    path: "/api/snapshots/{name}/detach",
    summary: "Take away the disks that show a snapshot; what was written to a clone is lost",
    access: "change",
    input: { path: snapshot.SnapshotPath, body: inputs.ForceBody },
    answer: facts.changed(snapshot.Snapshot),
    run: (control, { path, body }) => control.snapshots.detach(path.name, body.force),
  }),
];
