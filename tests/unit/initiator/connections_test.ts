/** Sessions of several connections: made, added to, taken from, and lost. RFC 7143 4.2.1, 7.1. */
import assert from "node:assert/strict";
import type { LoginRefused } from "../../../lib/initiator/login_error.ts";
import { InitiatorWorld } from "../../support/initiator_world.ts";
import { PORTAL_TEXT } from "../../support/initiator_node.ts";

const BLOCK = 4096;

function blockOf(value: number): Uint8Array {
  return new Uint8Array(BLOCK).fill(value);
}

function cidsOf({ kept }: InitiatorWorld): number[] {
  return (kept.session?.connections ?? []).map(({ cid }) => cid);
}

/** Writes and reads many blocks at once. */
async function work(world: InitiatorWorld, value: number): Promise<void> {
  const disk = await world.openDisk();
  const places = Array.from({ length: 64 }, (_, i) => i * BLOCK);
  await Promise.all(places.map((at) => disk.write(at, blockOf(value), 0, BLOCK)));
  const got = places.map(() => new Uint8Array(BLOCK));
  await Promise.all(places.map((at, i) => disk.read(at, got[i]!, 0, BLOCK)));
  for (const each of got) assert.deepEqual(each, blockOf(value));
  await disk.close();
}

Deno.test("A session of several connections that loses any of them comes back with all", async () => {
  const world = new InitiatorWorld({ keep: { connections: 3 } });
  const disk = await world.openDisk();
  assert.deepEqual(cidsOf(world), [1, 2, 3]);
  for (const lost of [0, 1, 2]) {
    const writes = Array.from(
      { length: 32 },
      (_, i) => disk.write(i * BLOCK, blockOf(lost + 1), 0, BLOCK),
    );
    world.streams.at(-1 - lost)!.close();
    await Promise.all(writes);
    await world.kept.unit(0).ready();
    assert.deepEqual(cidsOf(world), [1, 2, 3], `${lost} of the last`);
  }
  assert.equal(world.kept.sessionCount, 4);
  await disk.close();
  await work(world, 9);
  await world.close();
});

Deno.test("A connection is added to a session at work, and every later session has it", async () => {
  const world = new InitiatorWorld();
  const disk = await world.openDisk();
  const writing = Array.from({ length: 64 }, (_, i) => disk.write(i * BLOCK, blockOf(1), 0, BLOCK));
  assert.equal(await world.kept.addConnection({}), 2);
  assert.equal(await world.kept.addConnection({}), 3);
  await Promise.all(writing);
  await work(world, 2);
  world.cut();
  await work(world, 3);
  assert.deepEqual(cidsOf(world), [1, 2, 3]);
  assert.equal(world.kept.sessionCount, 2);
  await disk.close();
  await world.close();
});

Deno.test("A connection is taken from a session at work, and nothing is lost", async () => {
  const world = new InitiatorWorld({ keep: { connections: 3 } });
  const disk = await world.openDisk();
  const writing = Array.from({ length: 64 }, (_, i) => disk.write(i * BLOCK, blockOf(1), 0, BLOCK));
  await world.kept.removeConnection(2);
  assert.deepEqual(cidsOf(world), [1, 3]);
  await Promise.all(writing);
  await world.kept.removeConnection(3);
  await work(world, 2);
  assert.equal(world.kept.sessionCount, 1);
  assert.deepEqual([...world.target.node.sessions.values()].map((it) => it.connections.size), [1]);
  world.cut();
  await work(world, 3);
  assert.deepEqual(cidsOf(world), [1], "it does not come back by itself");
  await assert.rejects(world.kept.removeConnection(1), RangeError);
  await assert.rejects(world.kept.removeConnection(7), RangeError);
  assert.equal(await world.kept.addConnection({}), 2, "its number is free");
  await disk.close();
  await world.close();
});

Deno.test("A target takes as many connections as it says, and says so when it is asked for more", async () => {
  const limits = { connectionsOfSession: 2 };
  const world = new InitiatorWorld({ target: { limits }, keep: { connections: 5 } });
  const disk = await world.openDisk();
  assert.deepEqual(cidsOf(world), [1, 2]);
  await assert.rejects(world.kept.addConnection({}), (error: LoginRefused) => {
    assert.equal(error.status, 0x0206);
    return true;
  });
  await work(world, 1);
  await disk.close();
  await world.close();
});

Deno.test("A first login that must do fails where one of its connections does, and leaves nothing", async () => {
  const world = new InitiatorWorld({ keep: { connections: 2, firstPatienceMs: 0 } });
  const answering = world.network.portals.get(PORTAL_TEXT)!;
  world.network.portals.set(PORTAL_TEXT, () => {
    world.network.portals.delete(PORTAL_TEXT);
    return answering();
  });
  await assert.rejects(world.kept.start(), /nothing listens there/);
  assert.equal(world.target.node.sessions.size, 0);
  await world.close();
});

Deno.test("A session that was lost goes on without a connection that cannot be had, until it can", async () => {
  const world = new InitiatorWorld({ keep: { connections: 2 } });
  const disk = await world.openDisk();
  const answering = world.network.portals.get(PORTAL_TEXT)!;
  let first = true;
  world.network.portals.set(PORTAL_TEXT, () => {
    if (!first) throw new Error("no more");
    first = false;
    return answering();
  });
  world.cut();
  await work(world, 1);
  assert.deepEqual(cidsOf(world), [1]);
  const changed = new Promise<void>((connectionsChanged) => {
    world.kept.observers.add({ connectionsChanged });
  });
  world.network.portals.set(PORTAL_TEXT, answering);
  await changed;
  assert.deepEqual(cidsOf(world), [1, 2]);
  await disk.close();
  await world.close();
});
