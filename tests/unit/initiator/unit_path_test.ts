/** What a path does about statuses, unit attentions and changes of its unit. */
import assert from "node:assert/strict";
import { judge, meaningOf, type Verdict } from "../../../lib/initiator/status_policy.ts";
import { unitNames } from "../../../lib/initiator/unit_identity.ts";
import { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import {
  BUS_DEVICE_RESET_OCCURRED,
  CAPACITY_DATA_HAS_CHANGED,
  INQUIRY_DATA_HAS_CHANGED,
} from "../../../lib/scsi/sense.ts";
import { InitiatorWorld } from "../../support/initiator_world.ts";

Deno.test("A139: each status has one answer", () => {
  const check = (key: number, code = 0, deferred = false) => ({
    ...{ status: 2, sense: { key, code, deferred }, transferred: 0, overflow: 0 },
  });
  const plain = (status: number) => ({ status, sense: undefined, transferred: 0, overflow: 0 });
  const cases: [ReturnType<typeof check> | ReturnType<typeof plain>, Verdict][] = [
    [plain(0x00), "done"],
    [plain(0x04), "done"],
    [plain(0x08), "later"],
    [plain(0x28), "later"],
    [plain(0x40), "again"],
    [plain(0x18), "failed"],
    [plain(0x77), "failed"],
    [plain(0x02), "failed"],
    [check(0x1), "done"],
    [check(0x6, 0x2900), "again"],
    [check(0xb, 0x4705), "again"],
    [check(0x2, 0x0401), "later"],
    [check(0x2, 0x0400), "failed"],
    [check(0x2, 0x3a00), "failed"],
    [check(0x2, 0x040b), "not-here"],
    [check(0x3, 0x1100), "failed"],
    [check(0x4, 0x4400), "failed"],
    [check(0x5, 0x2400), "failed"],
    [check(0x7, 0x2700), "failed"],
    [check(0xe, 0x1d00), "failed"],
    [check(0x3, 0x0c00, true), "again"],
  ];
  for (const [result, verdict] of cases) {
    assert.equal(judge(result), verdict, JSON.stringify(result));
  }
  const attention = (code: number) => meaningOf({ key: 6, code, deferred: false });
  assert.deepEqual(attention(0x2a09), { change: "capacity" });
  assert.deepEqual(attention(0x3f0e), { change: "luns" });
  assert.equal(attention(0x2901).suspectsCache, true);
  assert.deepEqual(attention(0x2907), { change: "identity", vouchesForCache: true });
  assert.deepEqual(attention(0x5d00), { change: "nothing" });
});

Deno.test("A145: a unit that grows is seen to, with the next command", async () => {
  const world = new InitiatorWorld();
  const disk = await world.openDisk();
  const changes: number[] = [];
  const unit = world.kept.unit(0);
  unit.observers.add({ factsChanged: (before) => changes.push(before.blockCount) });
  const larger = new MemoryDevice(8 << 20);
  const [nexus] = [...world.target.node.sessions.values()].map((session) => session.nexus);
  world.target.luns.set(0, {
    unit: new LogicalUnit({ device: larger, identity: world.target.unit.identity }),
    readOnly: false,
  });
  const grown = world.target.luns.get(0)!.unit;
  grown.attach(nexus!);
  grown.attentions.establish(nexus!, CAPACITY_DATA_HAS_CHANGED);
  const octets = new Uint8Array(512);
  await disk.read(0, octets, 0, 512);
  await unit.ready();
  assert.equal(disk.size, 8 << 20);
  assert.deepEqual(changes, [(4 << 20) / 512]);
  await disk.write(disk.size - 512, octets, 0, 512);
  await disk.close();
  await world.close();
});

Deno.test("A138: attentions that bid to look again are looked into before I/O goes on", async () => {
  for (const sense of [BUS_DEVICE_RESET_OCCURRED, INQUIRY_DATA_HAS_CHANGED]) {
    const world = new InitiatorWorld();
    const disk = await world.openDisk();
    const [nexus] = [...world.target.node.sessions.values()].map((session) => session.nexus);
    const states: string[] = [];
    const unit = world.kept.unit(0);
    unit.observers.add({ stateChanged: () => states.push(unit.state) });
    world.target.unit.attentions.establish(nexus!, sense);
    await disk.read(0, new Uint8Array(512), 0, 512);
    assert.deepEqual(states, ["checking", "usable"]);
    await disk.close();
    await world.close();
  }
});

Deno.test("A unit that is not there yet is found when it comes", async () => {
  const world = new InitiatorWorld();
  const mapping = world.target.luns.get(0)!;
  world.target.luns.delete(0);
  await assert.rejects(world.openDisk(), { name: "UnitError", kind: "not-found" });
  const unit = world.kept.unit(0);
  assert.equal(unit.state, "quarantined");
  world.target.luns.set(0, mapping);
  await new Promise<void>((then) => {
    unit.observers.add({ stateChanged: () => unit.state === "usable" && then() });
  });
  const disk = await world.openDisk();
  await disk.read(0, new Uint8Array(512), 0, 512);
  await disk.close();
  await world.close();
});

Deno.test("unitNames takes the names of the unit alone, the most reliable first", () => {
  const designator = (association: number, type: number, octets: number[]) => [
    ...[1, (association << 4) | type, 0, octets.length, ...octets],
  ];
  const body = [
    ...designator(0, 1, [...new TextEncoder().encode("VENDOR  disk  1 ")]),
    ...designator(0, 3, [0x50, 1, 2, 3, 4, 5, 6, 7]),
    ...designator(1, 3, [0x51, 1, 2, 3, 4, 5, 6, 7]),
    ...designator(0, 3, [0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    ...designator(0, 2, [1, 2, 3, 4, 5, 6, 7, 8]),
  ];
  const page = Uint8Array.of(0, 0x83, 0, body.length, ...body);
  assert.deepEqual(unitNames(page), [
    "naa.600102030405060708090a0b0c0d0e0f",
    "naa.5001020304050607",
    "eui.0102030405060708",
    "t10.VENDOR disk 1",
  ]);
  // Lengths that lie are not followed.
  for (let length = 0; length < page.length; length++) unitNames(page.subarray(0, length));
  page[3] = 0xff;
  page[7] = 0xff;
  assert.deepEqual(unitNames(page), []);
});
