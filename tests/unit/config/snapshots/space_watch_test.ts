import assert from "node:assert/strict";
import { TestClock } from "../../../support/test_clock.ts";
import { type SnapshotWorld, withSnapshots } from "./snapshot_fixture.ts";

const MIB = 1 << 20;

async function told(world: SnapshotWorld): Promise<string[]> {
  const { events } = await world.control.events({ limit: 500, source: "snapshot" });
  return events.filter(({ kind }) => /space/.test(kind)).map(({ kind }) => kind);
}

Deno.test("snapshots that come near their limit are told of once each time, and refused at it", () => {
  const clock = new TestClock();
  return withSnapshots(async (world) => {
    await world.disk("d", "dynamic", 64 * MIB);
    const { snapshots } = world.control;
    await snapshots.create({ disks: ["d"], name: "one" });
    await snapshots.limit("d", 20 * MIB);

    /** Lets it look again; answers what needs attention. */
    async function look(): Promise<readonly string[]> {
      await world.device("d").flush();
      clock.advance(30_000);
      await world.service.upkeep.snapshotSpace.settled();
      return (await world.control.status()).problems;
    }

    await world.write("d", 0, 1, 12 * MIB);
    assert.deepEqual(await look(), []);
    await world.write("d", 12 * MIB, 1, 4 * MIB);
    assert.match((await look()).join(), /disk d: its snapshots take nearly all of their 20M/);
    await look();
    assert.deepEqual(await told(world), ["snapshot-space-low"]);
    await snapshots.create({ disks: ["d"], name: "two" });
    await world.write("d", 16 * MIB, 1, 8 * MIB);
    assert.match((await look()).join(), /take all of their 20M, and no more are taken/);
    await look();
    assert.deepEqual(await told(world), ["snapshot-space-low", "snapshot-space-exhausted"]);
    await assert.rejects(snapshots.create({ disks: ["d"] }), /of the 20M that they may/);
    await world.write("d", 32 * MIB, 7, 8 * MIB);
    await world.reads("d", 32 * MIB, 7);
    // What falls below and comes again is told again.
    await snapshots.limit("d", 200 * MIB);
    assert.deepEqual(await look(), []);
    await snapshots.limit("d", 20 * MIB);
    await look();
    assert.deepEqual((await told(world)).slice(2), ["snapshot-space-exhausted"]);
    await snapshots.limit("d", null);
    assert.deepEqual(await look(), []);
  }, clock);
});
