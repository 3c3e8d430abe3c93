/** Sessions that come back, and those that are given up. */
import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import type { KeptState } from "../../../lib/initiator/kept_session.ts";
import { logoutRequested } from "../../../lib/target/announcement.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import { Unreachable } from "../../../lib/initiator/unreachable.ts";
import { InitiatorWorld, type WorldOptions } from "../../support/initiator_world.ts";
import { PORTAL_TEXT } from "../../support/initiator_node.ts";
import { ScriptedSession } from "../../support/scripted_session.ts";
import { ScriptedPortal } from "../../support/scripted_target.ts";

class OutageWorld extends InitiatorWorld {
  readonly states: KeptState[] = [];
  readonly #answering = this.network.portals.get(PORTAL_TEXT)!;

  constructor(options: WorldOptions = {}) {
    super(options);
    this.kept.observers.add({ stateChanged: (state) => this.states.push(state) });
  }

  /** Nobody can be reached any more. */
  outage(): void {
    this.network.portals.delete(PORTAL_TEXT);
    this.streams.at(-1)?.close();
  }

  restore(): void {
    this.network.portals.set(PORTAL_TEXT, this.#answering);
  }

  /** Resolves when the session is in this state. */
  until(wanted: KeptState): Promise<void> {
    if (this.kept.state === wanted) return Promise.resolve();
    return new Promise((then) => {
      this.kept.observers.add({ stateChanged: (state) => state === wanted && then() });
    });
  }

  /** So long later. */
  after(ms: number): Promise<void> {
    return new Promise((then) => this.node.clock.after(ms, then));
  }
}

Deno.test("A kept session comes back after an outage, and what waited is carried out", async () => {
  const world = new OutageWorld();
  const disk = await world.openDisk();
  world.outage();
  const octets = new Uint8Array(512).fill(7);
  const writing = disk.write(0, octets, 0, 512);
  await world.after(60_000);
  assert.equal(world.kept.state, "recovering");
  assert.ok(world.kept.lastError instanceof Unreachable);
  world.restore();
  await writing;
  assert.deepEqual(world.states, ["logged-in", "recovering", "logged-in"]);
  // Twice as long each time, ten seconds at most.
  assert.ok(world.network.dialled.length < 20, `${world.network.dialled.length} tries`);
  await world.close();
});

Deno.test("A143: what waits for a path that does not come back fails, and so does what comes later", async () => {
  const world = new OutageWorld({ keep: { patienceMs: 30_000 } });
  const disk = await world.openDisk();
  world.outage();
  const octets = new Uint8Array(512);
  const sinceMs = world.node.clock.nowMs();
  await assert.rejects(disk.read(0, octets, 0, 512), { name: "DeviceError", kind: "gone" });
  const took = world.node.clock.nowMs() - sinceMs;
  assert.ok(took >= 30_000 && took < 45_000, `${took} ms`);
  assert.equal(world.kept.state, "offline");
  await assert.rejects(disk.read(0, octets, 0, 512), /nothing listens there/);
  // Nobody tries for ever.
  const tries = world.network.dialled.length;
  await world.after(3_600_000);
  assert.equal(world.network.dialled.length, tries);
  // Until somebody asks for it.
  world.restore();
  world.kept.retry();
  await world.until("logged-in");
  await world.kept.unit(0).ready();
  await disk.read(0, octets, 0, 512);
  await world.close();
});

Deno.test("A session with endless patience goes on trying, though its I/O does not wait as long", async () => {
  const world = new OutageWorld({ keep: { patienceMs: Infinity } });
  const disk = await world.openDisk();
  world.outage();
  const octets = new Uint8Array(512);
  await assert.rejects(disk.read(0, octets, 0, 512), /not reached for 120 s/);
  await world.after(3_600_000);
  assert.equal(world.kept.state, "recovering");
  assert.equal(world.kept.unit(0).state, "offline");
  world.restore();
  await world.until("logged-in");
  await world.kept.unit(0).ready();
  await disk.read(0, octets, 0, 512);
  await world.close();
});

Deno.test("A24: a refusal that is for people ends the tries; one that may pass does not", async () => {
  const world = new OutageWorld();
  await world.openDisk();
  world.target.target.access = AccessList.of(["iqn:iqn.2026-01.org.example:other"]);
  world.cut();
  await world.until("offline");
  assert.match(world.kept.lastError!.message, /no such target, or this initiator may not see it/);
  assert.equal(world.network.dialled.length, 2);
  await world.close();

  const refusing = new OutageWorld();
  await refusing.openDisk();
  const portal = new ScriptedPortal(async (target) => {
    const { header } = await target.loginRequest();
    const status = LoginStatus.OUT_OF_RESOURCES;
    await target.answerLogin(header, [], {
      ...{ transit: false, statusClass: status >>> 8, statusDetail: status & 0xff },
    });
    await target.expectEnd();
  });
  refusing.network.portals.set(PORTAL_TEXT, portal.answering);
  refusing.cut();
  await refusing.after(20_000);
  assert.equal(refusing.kept.state, "recovering");
  assert.ok(portal.connectionCount > 2);
  refusing.restore();
  await refusing.until("logged-in");
  await refusing.close();
});

Deno.test("A first login with no patience fails at once, with the reason", async () => {
  const world = new OutageWorld({ keep: { firstPatienceMs: 0 } });
  world.outage();
  await assert.rejects(world.kept.start(), { name: "Unreachable" });
  assert.equal(world.network.dialled.length, 1);
  await world.close();
});

Deno.test("A87: a target that asks for a logout gets it, and its initiator comes back", async () => {
  const world = new OutageWorld();
  const disk = await world.openDisk();
  const [session] = world.target.node.sessions.values();
  for (const connection of session!.connections.values()) connection.announce(logoutRequested(10));
  await world.until("recovering");
  const octets = new Uint8Array(512);
  await disk.read(0, octets, 0, 512);
  assert.deepEqual(world.states, ["logged-in", "recovering", "logged-in"]);
  assert.equal(world.kept.sessionCount, 2);
  await world.close();
});

Deno.test("A87: a session that was lost is begun anew after DefaultTime2Wait, and not before", async () => {
  const it = await ScriptedSession.begin((target) => target.expectEnd(), {
    keys: { DefaultTime2Wait: "3" },
  });
  it.session.fail("lost");
  assert.equal((await it.session.ended).time2WaitMs, 3000);
  await it.end();

  const portal = new ScriptedPortal(async (target) => {
    await target.logIn({ DefaultTime2Wait: "3" });
    await target.expectEnd();
  });
  const world = new OutageWorld();
  world.network.portals.set(PORTAL_TEXT, portal.answering);
  await world.kept.start();
  await world.after(20_000); // it has lasted: there is no other pause
  const lostMs = world.node.clock.nowMs();
  world.kept.session!.fail("lost");
  await world.until("recovering");
  const asking = world.after(500).then(() => world.kept.retry());
  await world.until("logged-in");
  const waitedMs = world.node.clock.nowMs() - lostMs;
  assert.ok(waitedMs >= 3000 && waitedMs <= 4000, `${waitedMs} ms`);
  await asking;
  await world.close();
});
