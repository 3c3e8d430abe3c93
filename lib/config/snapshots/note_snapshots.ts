/** Tells which snapshots came and went, and which disks went back, between two declared states. */
import type { EventSink } from "../../events/event_sink.ts";
import type { DeclaredDisk, DeclaredState } from "../schema.ts";
import { chainOf } from "./find_snapshot.ts";

export function noteSnapshots(
  events: EventSink,
  before: DeclaredState,
  after: DeclaredState,
): void {
  const byUuid = new Map(before.disks.map((disk) => [disk.uuid, disk]));
  for (const disk of after.disks) {
    const old = byUuid.get(disk.uuid);
    if (old === undefined || old.chain === disk.chain) continue;
    noteChain(events, old, disk);
  }
}

function noteChain(events: EventSink, old: DeclaredDisk, disk: DeclaredDisk): void {
  const { name } = disk;
  const known = new Map(chainOf(old).snapshots.map((each) => [each.uuid, each]));
  const left = new Set<string>();
  for (const { uuid, name: snapshot, deleting } of chainOf(disk).snapshots) {
    left.add(uuid);
    const was = known.get(uuid);
    // One that is only there until it is merged was asked for by nobody.
    if (was === undefined && !deleting) events.note("snapshot-taken", { snapshot, disk: name });
    if (was !== undefined && deleting && !was.deleting) {
      events.note("snapshot-deleted", { snapshot, disk: name });
    }
  }
  for (const { uuid, name: snapshot } of known.values()) {
    if (!left.has(uuid)) events.note("snapshot-merged", { snapshot, disk: name });
  }
  const origin = originOf(old, disk);
  if (origin !== undefined) events.note("disk-rolled-back", { disk: name, origin });
}

/** What a disk holds now that has a new file which does not lie on the one that it had. */
function originOf(old: DeclaredDisk, { path, chain }: DeclaredDisk): string | undefined {
  if (path === old.path || chain?.parent === old.path) return undefined;
  const snapshot = chain?.snapshots.find((each) => each.path === chain.parent);
  return snapshot === undefined ? "a backup" : `snapshot ${snapshot.name}`;
}
