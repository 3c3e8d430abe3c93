/** That what is declared, and what the control tells, is what the model knows. */
import assert from "node:assert/strict";
import type { DiskFacts, TargetFacts } from "../../../lib/config/control.ts";
import type { TestService } from "../../unit/config/service_fixture.ts";
import type { Guarded, Model, ModelDisk, ModelTarget } from "./model.ts";

export async function checkFacts(model: Model, { service, control }: TestService): Promise<void> {
  const disks = await control.listDisks();
  disks.forEach(({ uuid }, at) => {
    const disk = model.disks[at];
    if (disk !== undefined) disk.uuid ??= uuid;
  });
  const diskFacts = model.disks.map(factsOfDisk);
  const ordered = disks.map((disk) => ({ ...disk, assignments: byTarget(disk.assignments) }));
  assert.deepEqual(ordered.map((each, at) => like(diskFacts[at], each)), diskFacts, "disks");
  const targetFacts = model.targets.map((target) => factsOfTarget(model, target));
  const targets = await control.listTargets();
  assert.deepEqual(targets.map((each, at) => like(targetFacts[at], each)), targetFacts, "targets");
  const sessions = (await control.sessions()).map(({ target, initiator }) =>
    `${initiator} ${target}`
  );
  const known = model.sessions.map(({ host, target }) =>
    `iqn.2026-01.com.example:${host} ${target.name}`
  );
  assert.deepEqual(sessions.sort(), known.sort(), "sessions");
  const portals = (await control.listPortals()).filter(({ declared }) => declared);
  assert.deepEqual(portals.map((each, at) => like(model.portals?.[at], each)), model.portals ?? []);
  const limits = (await control.limits()).filter(({ value, standard }) => value !== standard);
  assert.deepEqual(new Map(limits.map(({ name, value }) => [name, value])), model.limits, "limits");
  const schedules = (await control.schedules.list()).map(({ keep: { last }, ...rest }) => ({
    ...rest,
    last,
  }));
  const planned = model.schedules.map((each) => ({
    ...each,
    disks: each.disks.map(({ name }) => name),
  }));
  assert.deepEqual(
    schedules.map((each, at) => like(planned[at], each)),
    planned,
    "schedules",
  );
  for (const disk of model.disks) {
    const { facts } = await control.snapshots.limit(disk.name);
    assert.equal(facts.limit, model.snapshotSpaces.get(disk) ?? null, "the space of snapshots");
  }
  const { discovery, problems } = await control.status();
  assert.deepEqual([discovery, problems], [proofFacts(model.discovery), []]);
  const state = await service.state();
  assert.deepEqual(state.targets.map(({ name }) => name), targetFacts.map(({ name }) => name));
  assert.deepEqual(
    state.disks.map(({ assignments }) => byTarget(assignments)),
    diskFacts.map(({ assignments }) => assignments),
  );
}

/** In which order a disk was assigned is nobody's matter. */
function byTarget<T extends { readonly target: string }>(assignments: readonly T[]): T[] {
  return assignments.toSorted((one, other) => one.target < other.target ? -1 : 1);
}

/** Those facts of `actual` that the model has too. */
function like(expected: object | undefined, actual: object): object {
  const keys = Object.keys(expected ?? actual);
  return Object.fromEntries(Object.entries(actual).filter(([key]) => keys.includes(key)));
}

function factsOfDisk(disk: ModelDisk): Omit<DiskFacts, "counters"> {
  const assignments = disk.assignments.map((each) => ({ ...each, target: each.target.name }));
  return {
    ...disk,
    parent: null,
    allocated: null,
    uuid: disk.uuid!,
    assignments: byTarget(assignments),
    attached: null,
    state: "ready",
    failure: null,
  };
}

function factsOfTarget(model: Model, target: ModelTarget): Omit<TargetFacts, "counters"> {
  const { name, iqn, description, allow } = target;
  const sessions = model.sessionsOf(target).length;
  return {
    name,
    iqn,
    description,
    allow,
    ...proofFacts(target),
    state: sessions > 0 ? "logged-in" : "idle",
    sessions,
    luns: model.luns(target).map(({ lun, disk, readOnly }) => ({
      lun,
      disk: disk.name,
      size: disk.size,
      readOnly,
      state: "ready",
    })),
  };
}

function proofFacts({ chap, reverseChap }: Guarded) {
  return {
    chap: chap === undefined ? null : { user: chap.user, algorithms: [...chap.algorithms] },
    reverseChap: reverseChap === undefined ? null : { user: reverseChap.user },
  };
}
