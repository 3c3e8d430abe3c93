/**
 * What differs between two declared states, in words for the event log: which object, and which of
 * its properties, never their values, since they may be secret.
 */
import type { DeclaredDisk, DeclaredState } from "./schema.ts";

/** Changes that are told one by one; one document may change thousands. */
const MOST_CHANGES = 100;

interface Named {
  readonly name: string;
}

/** A sentence each. */
export function stateChanges(before: DeclaredState, after: DeclaredState): string[] {
  const changes = [
    ...changesOf("target", before.targets, after.targets, (target) => target.iqn),
    ...changesOf("disk", before.disks, after.disks, (disk) => disk.uuid, filesBehind),
    ...changesOf(
      "schedule",
      before.schedules ?? [],
      after.schedules ?? [],
      (schedule) => schedule.name,
    ),
    ...propertiesOf(before, after, ["targets", "disks", "schedules"]).map((name) =>
      `${name} changed`
    ),
  ];
  if (changes.length <= MOST_CHANGES) return changes;
  const rest = changes.length - MOST_CHANGES;
  return [...changes.slice(0, MOST_CHANGES), `${rest} more objects changed`];
}

/** Snapshots move a disk from file to file, which is told in other words. */
function filesBehind(before: DeclaredDisk, after: DeclaredDisk): readonly string[] {
  return before.chain === after.chain ? [] : ["chain", "path", "type", "parent"];
}

/**
 * `identityOf` answers what stays when the name changes, `leftOut` which properties do not count.
 */
function changesOf<T extends Named>(
  noun: string,
  before: readonly T[],
  after: readonly T[],
  identityOf: (object: T) => string,
  leftOut: (before: T, after: T) => readonly string[] = () => [],
): string[] {
  const byName = new Map(after.map((each) => [each.name, each]));
  const byIdentity = new Map(after.map((each) => [identityOf(each), each]));
  const kept = new Set<T>();
  const changes: string[] = [];
  for (const old of before) {
    const now = byIdentity.get(identityOf(old)) ?? byName.get(old.name);
    if (now === undefined) {
      changes.push(`${noun} ${old.name} was removed`);
      continue;
    }
    kept.add(now);
    const names = propertiesOf(old, now, ["name", ...leftOut(old, now)]);
    if (now.name !== old.name) changes.push(`${noun} ${old.name} is called ${now.name} now`);
    if (names.length > 0) changes.push(`${noun} ${now.name} changed: ${names.join(", ")}`);
  }
  for (const each of after) if (!kept.has(each)) changes.push(`${noun} ${each.name} was added`);
  return changes;
}

/** The names of the properties that differ, but for some. */
function propertiesOf(before: object, after: object, leftOut: readonly string[]): string[] {
  if (before === after) return [];
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.filter((name) =>
    !leftOut.includes(name) && old.get(name) !== now.get(name) &&
    JSON.stringify(old.get(name)) !== JSON.stringify(now.get(name))
  );
}
