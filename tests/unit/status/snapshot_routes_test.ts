import assert from "node:assert/strict";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { createApp } from "../../../lib/status/app.ts";
import { ControlClient } from "../../../lib/status/client.ts";
import { Snapshot } from "../../../lib/status/snapshot_schemas.ts";
import { withSnapshots } from "../config/snapshots/snapshot_fixture.ts";
import { appExchange } from "./app_exchange.ts";

Deno.test("The API does with snapshots what the control does, and tells what its document says", () =>
  withSnapshots(async (world) => {
    await world.disk("d");
    await world.write("d", 0, 1);
    const { snapshots } = new ControlClient(
      "test",
      appExchange(createApp({ control: world.control, access: "full", logger: silentLogger })),
    );
    const { facts: [taken] } = await snapshots.create({ disks: ["d"], name: "one" });
    assert.equal(Snapshot.safeParse(taken).success, true);
    assert.deepEqual(await snapshots.list("d"), await world.control.snapshots.list("d"));
    assert.deepEqual(await snapshots.show("one"), await world.control.snapshots.show("one"));
    await world.write("d", 0, 2);
    assert.equal((await snapshots.rollBack("one", { discard: true })).facts.name, "d");
    await world.reads("d", 0, 1);
    await snapshots.export("one", world.path("out.vhd"));
    assert.equal((await snapshots.limit("d", 1 << 20)).facts.limit, 1 << 20);
    assert.equal((await snapshots.limit("d", null)).facts.limit, null);
    await world.control.createTarget({ name: "look" });
    const attached = await snapshots.attach("one", { target: "look" });
    assert.equal(attached.facts.assignments[0]!.readOnly, true);
    assert.deepEqual((await snapshots.detach("one")).facts.attached, []);
    assert.equal((await snapshots.delete("one", { wait: true })).facts.state, "deleting");
    assert.deepEqual(await snapshots.list(), []);
    await assert.rejects(snapshots.show("../disks/d"), /there is no snapshot/);
  }));
