import assert from "node:assert/strict";
import { listBackups } from "../../../../lib/config/backups/kept_backups.ts";
import { ControlError, type NewSchedule } from "../../../../lib/config/control.ts";
import { TestClock } from "../../../support/test_clock.ts";
import { type SnapshotWorld, withSnapshots } from "../snapshots/snapshot_fixture.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const HOURLY: NewSchedule = {
  kind: "snapshot",
  disks: ["d"],
  cron: "0 * * * *",
  timeZone: "UTC",
  keep: { last: 3 },
};

/** A world that stands still at 2026-01-01T00:00Z. */
async function withClock(
  test: (world: SnapshotWorld, clock: TestClock) => Promise<void>,
): Promise<void> {
  const clock = new TestClock();
  await withSnapshots((world) => test(world, clock), clock);
}

/** Lets time pass, and what became due end. */
async function pass(world: SnapshotWorld, clock: TestClock, ms: number): Promise<void> {
  clock.advance(ms);
  await world.service.upkeep.schedules.idle();
}

async function hoursTaken(world: SnapshotWorld): Promise<string[]> {
  const all = await world.control.snapshots.list("d");
  return all.filter(({ state }) => state === "ready").map(({ takenAt }) => takenAt.slice(11, 16));
}

async function told(world: SnapshotWorld): Promise<string[]> {
  const { events } = await world.control.events({ limit: 500 });
  return events.filter(({ source }) => source === "schedule").map(({ kind }) => kind);
}

Deno.test("a schedule takes snapshots at its times, and deletes those that no rule keeps", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    const { facts } = await world.control.schedules.add(HOURLY);
    assert.equal(facts.name, "d-snapshots");
    assert.equal(facts.nextRun, "2026-01-01T01:00:00.000Z");
    assert.equal(facts.state, "waiting");
    await pass(world, clock, HOUR - 1);
    assert.deepEqual(await hoursTaken(world), []);
    await pass(world, clock, 1);
    assert.deepEqual(await hoursTaken(world), ["01:00"]);
    for (let hour = 2; hour <= 5; hour++) await pass(world, clock, HOUR);
    assert.deepEqual(await hoursTaken(world), ["03:00", "04:00", "05:00"]);
    const [after] = await world.control.schedules.list("snapshot");
    assert.equal(after!.nextRun, "2026-01-01T06:00:00.000Z");
    assert.equal(after!.lastRun!.startedAt, "2026-01-01T05:00:00.000Z");
    assert.equal(after!.lastRun!.failure, null);
    assert.deepEqual(await told(world), []);
  }));

Deno.test("a schedule leaves snapshots alone that it has not taken, and those that are needed", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    await world.control.snapshots.create({ disks: ["d"], name: "mine" });
    await world.control.schedules.add({ ...HOURLY, keep: { last: 1 } });
    await pass(world, clock, HOUR);
    const [, first] = await world.control.snapshots.list("d");
    await world.control.createTarget({ name: "look" });
    await world.control.snapshots.attach(first!.name, { target: "look", name: "look" });
    for (let hour = 2; hour <= 3; hour++) await pass(world, clock, HOUR);
    assert.deepEqual(await hoursTaken(world), ["00:00", "01:00", "03:00"]);
    await world.control.snapshots.detach(first!.name);
    await pass(world, clock, HOUR);
    assert.deepEqual(await hoursTaken(world), ["00:00", "04:00"]);
  }));

Deno.test("times that were missed while no service ran are made up for once", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    await world.control.schedules.add(HOURLY);
    await pass(world, clock, HOUR);
    await world.stop();
    clock.advance(5 * HOUR + 20 * MINUTE);
    await world.startAgain();
    await world.service.upkeep.schedules.idle();
    assert.deepEqual(await hoursTaken(world), ["01:00", "06:20"]);
    assert.deepEqual(await told(world), ["schedule-late"]);
    await pass(world, clock, 39 * MINUTE);
    assert.deepEqual(await hoursTaken(world), ["01:00", "06:20"]);
    await pass(world, clock, MINUTE);
    assert.deepEqual(await hoursTaken(world), ["01:00", "06:20", "07:00"]);
    await world.restart();
    await world.service.upkeep.schedules.idle();
    assert.deepEqual(await hoursTaken(world), ["01:00", "06:20", "07:00"]);
  }));

Deno.test("a schedule that got other times makes up for nothing of those", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    await world.control.schedules.add({ ...HOURLY, cron: "0 12 * * *" });
    await world.stop();
    clock.advance(3 * HOUR);
    await world.startAgain();
    await world.control.schedules.remove("d-snapshots");
    await world.control.schedules.add(HOURLY);
    await world.service.upkeep.schedules.idle();
    assert.deepEqual(await hoursTaken(world), []);
  }));

Deno.test("a run that fails is told once, tried again, and told when it goes well again", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    const directory = world.path("backups");
    await Deno.mkdir(directory);
    const { facts } = await world.control.schedules.add({
      kind: "backup",
      disks: ["d"],
      cron: "@hourly",
      timeZone: "UTC",
      directory,
    });
    // As where its file system is not mounted.
    await Deno.remove(directory);
    assert.equal(facts.name, "d-backups");
    await pass(world, clock, HOUR);
    const [failed] = await world.control.schedules.list();
    assert.equal(failed!.state, "failed");
    assert.match(failed!.lastRun!.failure!, /^there is no directory \/.*\/backups$/);
    assert.equal(failed!.nextRun, "2026-01-01T01:01:00.000Z");
    const { problems } = await world.control.status();
    assert.match(
      problems.join("\n"),
      /^schedule d-backups: .*; it is tried again at 2026-01-01T01:01/,
    );
    await pass(world, clock, MINUTE);
    const [again] = await world.control.schedules.list();
    assert.equal(again!.nextRun, "2026-01-01T01:06:00.000Z");
    await world.restart();
    await Deno.mkdir(directory);
    await pass(world, clock, MINUTE);
    const [well] = await world.control.schedules.list();
    assert.equal(well!.lastRun!.failure, null);
    assert.equal((await listBackups(directory)).length, 1);
    assert.deepEqual((await world.control.status()).problems, []);
    assert.deepEqual(await told(world), ["schedule-failed", "schedule-recovered"]);
  }));

Deno.test("what fails for one disk keeps the others from nothing", () =>
  withClock(async (world, clock) => {
    for (const name of ["a", "d"]) await world.disk(name);
    await world.control.snapshots.create({ disks: ["a"], name: "one" });
    await world.write("a", 0, 1, 2 << 20);
    await world.control.snapshots.limit("a", 1);
    await world.control.schedules.add({ ...HOURLY, disks: ["a", "d"] });
    await pass(world, clock, HOUR);
    assert.deepEqual(await hoursTaken(world), ["01:00"]);
    const [first] = await world.control.schedules.list();
    assert.match(first!.lastRun!.failure!, /the snapshots of disk a take/);
  }));

Deno.test("never do two runs of one schedule go on at once", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    await world.control.schedules.add({ ...HOURLY, cron: "* * * * *", keep: { last: 100 } });
    // The clock goes on while the run does.
    for (let minute = 0; minute < 10; minute++) clock.advance(MINUTE);
    const [first] = await world.control.schedules.list();
    assert.equal(first!.state, "running");
    await world.service.upkeep.schedules.idle();
    // One for the first minute, and one for all that came while it went on.
    assert.deepEqual(await hoursTaken(world), ["00:01", "00:10"].map(() => "00:10"));
  }));

Deno.test("snapshots of a group are taken together", () =>
  withClock(async (world, clock) => {
    for (const name of ["a", "d"]) await world.disk(name);
    await world.control.schedules.add({ ...HOURLY, disks: ["a", "d"], group: true });
    await pass(world, clock, HOUR);
    const all = await world.control.snapshots.list();
    assert.deepEqual(all.map(({ disk }) => disk), ["a", "d"]);
    assert.equal(all[0]!.takenAt, all[1]!.takenAt);
  }));

Deno.test("a scheduled backup removes those that no rule keeps", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    const directory = world.path("backups");
    await Deno.mkdir(directory);
    await world.control.schedules.add({
      kind: "backup",
      disks: ["d"],
      cron: "0 2 * * *",
      timeZone: "UTC",
      directory,
      keep: { daily: 2 },
    });
    for (let day = 0; day < 4; day++) {
      await world.write("d", 0, day + 1);
      await pass(world, clock, day === 0 ? 2 * HOUR : 24 * HOUR);
    }
    const backups = await listBackups(directory);
    assert.deepEqual(backups.map(({ id }) => id), ["20260103T020000Z", "20260104T020000Z"]);
  }));

Deno.test("a disk of a schedule is not removed, and keeps its schedule under another name", () =>
  withClock(async (world) => {
    await world.disk("d");
    await world.control.schedules.add(HOURLY);
    await world.control.unassignDisk("d");
    await assert.rejects(world.control.removeDisk("d"), /disk d is in schedule d-snapshots/);
    await world.control.setDisk("d", { name: "e" });
    assert.deepEqual((await world.control.schedules.list())[0]!.disks, ["e"]);
    await world.control.schedules.remove("d-snapshots");
    await world.control.removeDisk("e");
  }));

Deno.test("what can never run, or keeps nothing, is refused with the right form", () =>
  withClock(async (world) => {
    await world.disk("d");
    await world.control.createDisk({ path: world.path("r.img"), size: 1 << 20 });
    const wrong: readonly (readonly [Partial<NewSchedule>, RegExp])[] = [
      [{ cron: "61 * * * *" }, /Invalid value for minute/],
      [{ cron: "every hour" }, /is no schedule: write it as minute hour/],
      [{ timeZone: "Mars/Phobos" }, /is no time zone/],
      [{ disks: ["x"] }, /there is no disk "x"/],
      [{ disks: ["r"] }, /disk r is a raw image, without snapshots/],
      [{ disks: [] }, /not said of which disk/],
      [{ keep: { last: 0 } }, /0 cannot be kept/],
      [{ keep: undefined }, /not said how many snapshots are kept/],
      [{ keep: { last: 100, daily: 30 } }, /would keep up to 130 snapshots/],
      [{ directory: "/b" }, /snapshots are kept beside their disk/],
      [{ kind: "backup" }, /not said where backups are kept/],
      [{ kind: "backup", directory: "b" }, /absolute/],
      [{ kind: "backup", directory: world.path("none") }, /there is no directory .*none/],
      [{ name: "No" }, /cannot name a schedule/],
    ];
    for (const [part, message] of wrong) {
      await assert.rejects(
        world.control.schedules.add({ ...HOURLY, ...part }),
        (error) => error instanceof ControlError && message.test(error.message + error.nextStep),
        String(message),
      );
    }
    assert.deepEqual(await world.control.schedules.list(), []);
    await world.control.schedules.add({ ...HOURLY, name: "n" });
    await assert.rejects(world.control.schedules.add({ ...HOURLY, name: "n" }), /already/);
    await assert.rejects(
      world.control.schedules.remove("n", "backup"),
      /no schedule "n" of backups/,
    );
  }));

Deno.test("a schedule is changed in place: its times, what it keeps, and where backups are", () =>
  withClock(async (world, clock) => {
    await world.disk("d");
    await world.control.schedules.add(HOURLY);
    await pass(world, clock, HOUR);
    const { schedules } = world.control;
    const { facts } = await schedules.set("d-snapshots", { cron: "30 * * * *", keep: { last: 1 } });
    assert.deepEqual([facts.cron, facts.keep.last], ["30 * * * *", 1]);
    assert.equal(facts.nextRun, "2026-01-01T01:30:00.000Z");
    await pass(world, clock, HOUR / 2);
    assert.deepEqual(await hoursTaken(world), ["01:30"], "what was made before counts too");

    const [one, other] = [world.path("one"), world.path("other")];
    await Deno.mkdir(one);
    await Deno.mkdir(other);
    const backups = { kind: "backup", disks: ["d"], cron: "0 * * * *", directory: one } as const;
    await schedules.add({ ...backups, name: "b", timeZone: "UTC" });
    await assert.rejects(schedules.set("b", { directory: world.path("none") }), ControlError);
    const { notices } = await schedules.set("b", { directory: other }, "backup");
    assert.match(notices.join(), /the backups in .*one stay/);
    await pass(world, clock, HOUR);
    await assert.rejects(listBackups(one), /holds no backups/);
    assert.equal((await listBackups(other)).length, 1);

    for (
      const [changes, kind] of [
        [{ cron: "nonsense" }, "usage"],
        [{}, "usage"],
        [{ keep: { last: 0 } }, "usage"],
        [{ disks: ["nosuch"] }, "not-found"],
      ] as const
    ) {
      await assert.rejects(
        schedules.set("b", changes),
        (error) => error instanceof ControlError && error.kind === kind,
      );
    }
    await assert.rejects(schedules.set("b", { cron: "@daily" }, "snapshot"), ControlError);
  }));
