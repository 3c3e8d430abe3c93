import assert from "node:assert/strict";
import { RunningPortals } from "../../../lib/config/running_portals.ts";
import { DEFAULT_PORTALS, portalName } from "../../../lib/config/portals.ts";
import type { DeclaredPortal } from "../../../lib/config/schema.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { systemRandom } from "../../../lib/runtime/random.ts";
import { DEFAULT_LIMITS } from "../../../lib/target/limits.ts";
import { TargetNode } from "../../../lib/target/node.ts";
import { TestClock } from "../../support/test_clock.ts";
import { isRefusal } from "./service_steps.ts";
import { TestSockets } from "./test_sockets.ts";

function portal(address: string, port = 3260, group = 1): DeclaredPortal {
  return { address, port, group, advertise: null };
}

function started(declared?: readonly DeclaredPortal[], prepare = (_: TestSockets) => {}) {
  const clock = new TestClock();
  const node = new TargetNode({
    limits: DEFAULT_LIMITS,
    clock,
    random: systemRandom,
    logger: silentLogger,
  });
  const told: string[] = [];
  const portals = new RunningPortals(node, (name, failure) => {
    told.push(failure === undefined ? `${name} is back` : `${name} is away`);
  });
  const sockets = new TestSockets();
  prepare(sockets);
  portals.open(sockets, declared, undefined);
  const change = async (next?: readonly DeclaredPortal[]): Promise<void> => {
    await (await portals.prepare(next)).commit();
  };
  const names = () => [[...sockets.open].sort(), [...node.portals].map(portalName).sort()];
  return { node, portals, sockets, clock, told, change, names };
}

Deno.test("RunningPortals listens at every address as long as nothing is declared", async () => {
  const { names, change, portals } = started();
  assert.deepEqual(names(), [["[::]:3260"], ["[::]:3260"]]);
  await change([portal("192.0.2.1")]);
  assert.deepEqual(names(), [["192.0.2.1:3260"], ["192.0.2.1:3260"]]);
  await change();
  assert.deepEqual(names(), [["[::]:3260"], ["[::]:3260"]]);
  portals.close();
});

Deno.test("RunningPortals takes IPv4 alone where a machine has nothing else", () => {
  const { names } = started(undefined, (sockets) => sockets.hasIpv6 = false);
  assert.deepEqual(names(), [["0.0.0.0:3260"], ["0.0.0.0:3260"]]);
});

Deno.test("RunningPortals needs no socket for an address that a wildcard takes", async () => {
  const { names, node, change } = started([portal("::"), portal("192.0.2.1", 3260, 2)]);
  assert.deepEqual(names(), [["[::]:3260"], ["192.0.2.1:3260", "[::]:3260"]]);
  assert.equal(node.portalGroupTagOf("192.0.2.1", 3260), 2);
  assert.equal(node.portalGroupTagOf("192.0.2.9", 3260), 1);
  await change([portal("192.0.2.1", 3260, 2), portal("0.0.0.0", 3261), portal("::", 3261)]);
  assert.deepEqual(names()[0], ["192.0.2.1:3260", "[::]:3261"]);
});

Deno.test("RunningPortals that cannot listen at a new place stays where it is", async () => {
  const world = started([portal("192.0.2.1"), portal("192.0.2.2")]);
  const before = world.names();
  world.sockets.taken.add("192.0.2.3:3260").add("[::]:3260");
  const refusals: [DeclaredPortal[], string, RegExp][] = [
    [[portal("192.0.2.4"), portal("192.0.2.3")], "in-use", /192\.0\.2\.3:3260: it is in use/],
    [[portal("::")], "in-use", /\[::\]:3260: it is in use/],
    [[portal("10.0.0.1")], "failed", /no such address; .*portal set/],
  ];
  world.sockets.missing.add("10.0.0.1");
  for (const [next, kind, text] of refusals) {
    await assert.rejects(world.portals.prepare(next), isRefusal(kind, text));
    assert.deepEqual(world.names(), before);
  }
});

Deno.test("RunningPortals can be told that a change is not made after all", async () => {
  for (const next of [[portal("::")], [portal("192.0.2.9")], undefined]) {
    const { portals, names } = started([portal("192.0.2.1"), portal("192.0.2.2", 3261)]);
    const before = names();
    await (await portals.prepare(next)).undo();
    assert.deepEqual(names(), before);
  }
});

Deno.test("RunningPortals starts without an address that is not there, and tries it again", () => {
  const world = started([portal("192.0.2.1"), portal("10.0.0.1")], (sockets) => {
    sockets.missing.add("10.0.0.1");
  });
  assert.deepEqual(world.names(), [["192.0.2.1:3260"], ["192.0.2.1:3260"]]);
  assert.deepEqual(world.portals.absent, ["10.0.0.1:3260"]);
  world.clock.advance(10_000);
  world.sockets.missing.clear();
  world.sockets.taken.add("10.0.0.1:3260");
  world.clock.advance(10_000);
  assert.deepEqual(world.portals.absent, ["10.0.0.1:3260"]);
  world.sockets.taken.clear();
  world.clock.advance(10_000);
  assert.deepEqual(world.names()[1], ["10.0.0.1:3260", "192.0.2.1:3260"]);
  assert.deepEqual(world.told, ["10.0.0.1:3260 is away", "10.0.0.1:3260 is back"]);
  world.portals.close();
});

Deno.test("RunningPortals that are absent are in the way of no change", async () => {
  const absent = portal("10.0.0.1");
  const world = started([portal("192.0.2.1"), absent], (sockets) => {
    sockets.missing.add("10.0.0.1");
  });
  await world.change([portal("192.0.2.2"), absent]);
  assert.deepEqual(world.names()[0], ["192.0.2.2:3260"]);
  await world.change([portal("192.0.2.2")]);
  assert.deepEqual(world.portals.absent, []);
});

Deno.test("RunningPortals whose port is taken refuses to start", () => {
  assert.throws(
    () => started(DEFAULT_PORTALS, (sockets) => void sockets.taken.add("[::]:3260")),
    isRefusal("in-use", /\[::\]:3260: it is in use/),
  );
});
