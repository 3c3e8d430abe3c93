import assert from "node:assert/strict";
import { isRefusal, withServer } from "./document_fixture.ts";

const DISKS = `disks:
  - {name: a, path: /d/a.vhd, size: 1M, snapshotSpace: 5G}
  - {name: b, path: /d/b.vhd, size: 1M}
  - {name: r, path: /d/r.img, size: 1M}
`;

const SCHEDULES = `schedules:
  - name: hourly
    kind: snapshot
    disks: [a, b]
    cron: 0 * * * *
    timeZone: Europe/Berlin
    group: true
    keep: {hourly: 24, daily: 7}
  - name: nightly
    kind: backup
    disks: [a]
    cron: "@daily"
    directory: /backup
`;

Deno.test("apply and export: schedules and the limits of snapshots go to another server unchanged", () =>
  withServer(async ({ documents, control }) => {
    await documents.apply(DISKS + SCHEDULES);
    const [hourly, nightly] = await control.schedules.list();
    assert.deepEqual([hourly!.disks, hourly!.group, hourly!.timeZone], [
      ["a", "b"],
      true,
      "Europe/Berlin",
    ]);
    assert.deepEqual(hourly!.keep, {
      ...{ last: null, hourly: 24, daily: 7 },
      ...{ weekly: null, monthly: null },
    });
    assert.deepEqual([nightly!.directory, nightly!.group], ["/backup", false]);
    assert.equal((await control.snapshots.limit("a")).facts.limit, 5 * 2 ** 30);
    assert.deepEqual((await documents.apply(DISKS + SCHEDULES)).facts.steps, []);
    const text = await documents.export();
    assert.match(text, /snapshotSpace: 5G/);
    assert.match(text, /snapshotSpace: null/);
    await withServer(async (other) => {
      await other.documents.apply(text);
      assert.equal(await other.documents.export(), text);
      assert.deepEqual((await other.documents.apply(text, { prune: true })).facts.steps, []);
    });
  }));

Deno.test("apply: schedules that are listed are all there are, and stay where nothing is said", () =>
  withServer(async ({ documents, control }) => {
    await documents.apply(DISKS + SCHEDULES);
    await documents.apply("disks: [{name: a, description: x, snapshotSpace: null}]");
    assert.equal((await control.schedules.list()).length, 2);
    assert.equal((await control.snapshots.limit("a")).facts.limit, null);
    const one = "schedules: [{name: nightly, kind: backup, disks: [b], cron: 5 4 * * *, " +
      "directory: /b, timeZone: null}]";
    const { facts } = await documents.apply(one);
    assert.deepEqual(facts.steps.map(({ object, name }) => [object, name]), [
      ["server", "schedules"],
    ]);
    assert.deepEqual((await control.schedules.list()).map(({ name }) => name), ["nightly"]);
    for (const none of ["schedules: null", "schedules: []"]) {
      await documents.apply(SCHEDULES);
      await documents.apply(none);
      assert.deepEqual(await control.schedules.list(), []);
    }
  }));

Deno.test("apply: a disk that is called otherwise stays in its schedules, one that goes is refused", () =>
  withServer(async ({ documents, control }) => {
    await documents.apply(DISKS + SCHEDULES);
    const renamed = DISKS.replace("name: b", "name: c");
    await documents.apply(renamed, { prune: true });
    assert.deepEqual((await control.schedules.list())[0]!.disks, ["a", "c"]);
    await assert.rejects(
      documents.apply("disks: [{name: a}]", { prune: true }),
      isRefusal("in-use", /disk c would be removed, and is in schedule hourly/),
    );
    await documents.apply("disks: [{name: a}]\nschedules: []", { prune: true });
    assert.deepEqual((await control.listDisks()).map(({ name }) => name), ["a"]);
  }));

Deno.test("apply: a schedule that cannot be is refused, with its place", () =>
  withServer(async ({ documents }) => {
    await documents.apply(DISKS);
    const wrong: readonly (readonly [schedule: string, message: RegExp])[] = [
      ["kind: snapshot, disks: [a], cron: often, keep: {last: 1}", /schedules\[0\]\.cron: "often"/],
      ["kind: snapshot, disks: [a], cron: '@daily'", /schedules\[0\]: .*not said how many/],
      [
        "kind: snapshot, disks: [a], cron: '@daily', keep: {last: 0}",
        /schedules\[0\]\.keep\.last: 0 is not possible/,
      ],
      [
        "kind: snapshot, disks: [x], cron: '@daily', keep: {last: 1}",
        /disks\[0\]: there will be no/,
      ],
      ["kind: snapshot, disks: [r], cron: '@daily', keep: {last: 1}", /disk r is a raw image/],
      ["kind: snapshot, disks: [a, a], cron: '@daily', keep: {last: 1}", /a is there twice/],
      ["kind: backup, disks: [a], cron: '@daily'", /not said where backups are kept/],
      [
        "kind: backup, disks: [a], cron: '@daily', directory: /b, timeZone: Mars",
        /schedules\[0\]\.timeZone: "Mars" is no time zone/,
      ],
    ];
    for (const [schedule, message] of wrong) {
      await assert.rejects(
        documents.apply(`schedules: [{name: n, ${schedule}}]`),
        (error: Error) => {
          assert.match(error.message, message);
          return true;
        },
      );
    }
    await assert.rejects(
      documents.apply("disks: [{name: a, snapshotSpace: 0B}]"),
      isRefusal("usage", /disks\[0\]\.snapshotSpace: snapshots cannot be limited to 0 octets/),
    );
    await assert.rejects(
      documents.apply("schedules: [{name: n, kind: backup, disks: [a]}]"),
      /cron/,
    );
  }));
