/** What is told about snapshots. */
import type { DeclaredState } from "../schema.ts";
import type { SnapshotFacts } from "../snapshot_control.ts";
import { findSnapshot, type FoundSnapshot, showing } from "./find_snapshot.ts";
import { spaceOfSnapshot } from "./space.ts";

export async function factsOfSnapshot(
  state: DeclaredState,
  { disk, snapshot }: FoundSnapshot,
): Promise<SnapshotFacts> {
  const { name, uuid, takenAt, description, size, path } = snapshot;
  return {
    name,
    disk: disk.name,
    uuid,
    takenAt,
    description,
    state: snapshot.deleting ? "deleting" : "ready",
    size,
    space: await spaceOfSnapshot(state, snapshot),
    path,
    schedule: snapshot.schedule ?? null,
    backup: snapshot.backup ?? null,
    attached: showing(state, snapshot).map((each) => each.name),
  };
}

export async function snapshotFacts(state: DeclaredState, name: string): Promise<SnapshotFacts> {
  return await factsOfSnapshot(state, findSnapshot(state, name));
}
