/** What becomes of logins: those that a target refuses, and those of several connections. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { ControlError } from "../../../lib/config/control_error.ts";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import { PORTAL, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { ScriptedPortal } from "../../support/scripted_target.ts";
import { InitiatorHouse } from "../../support/initiator_house.ts";
import { openDevice } from "../../../lib/device_url.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { VolatileDevice } from "../../support/volatile_device.ts";
import { TARGET_NAME } from "../../support/test_target.ts";

const BOB = { user: "bob", secret: new ChapSecret("bob his secret!") };
const SERVER = { user: "server", secret: new ChapSecret("server its word") };
const RIGHT = { user: "bob", secret: "bob his secret!" };
const WRONG = { user: "bob", secret: "nobody's secret" };
const LOGIN = {
  target: TARGET_NAME,
  paths: [{ portal: { address: PORTAL.host, port: PORTAL.port } }],
};

function refusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  };
}

Deno.test("A24: a persistent login that is refused is left alone in the end, and says how to mend it", () =>
  InitiatorHouse.with(async (house) => {
    house.requireChap(BOB);
    await house.control.logIn({ ...LOGIN, chap: WRONG, persistent: true, recordOnly: true });
    await house.restart();
    const session = await house.until("refused");
    assert.match(session.error!, /authentication failed .* check the CHAP user and secret/);
    assert.match(session.error!, new RegExp(`sanctl initiator login ${TARGET_NAME}$`));
    const dialled = house.network.dialled.length;
    assert.ok(dialled <= 12, `${dialled} connections, of two for each try`);
    await new Promise<void>((then) => setTimeout(then, 50)); // days, by the clock that leaps
    assert.equal(house.network.dialled.length, dialled);
    const [login] = await house.control.listPersistent();
    assert.deepEqual([login!.loggedIn, login!.error], [false, session.error]);
    const kinds = (await house.control.events()).events.map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "login-not-retried").length, 1);

    // With the right secret it is mended, for good.
    await assert.rejects(
      house.control.logIn({ target: TARGET_NAME }),
      refusal("permission", /authentication failed/),
    );
    const { facts } = await house.control.logIn({ target: TARGET_NAME, chap: RIGHT });
    assert.equal(facts.sessions[0]!.state, "logged-in");
    await house.restart();
    await house.until("logged-in");
  }));

Deno.test("A146: a target that does not prove itself is not logged in to, however often", () =>
  InitiatorHouse.with(async (house) => {
    house.requireChap(BOB, { ...SERVER, secret: new ChapSecret("another its word") });
    const targetChap = { secret: SERVER.secret.reveal().text };
    const login = { ...LOGIN, chap: RIGHT, targetChap, persistent: true, recordOnly: true };
    await house.control.logIn(login);
    await house.restart();
    const session = await house.until("refused");
    assert.match(session.error!, /does not prove itself: its secret is wrong/);
    assert.equal(house.target.node.sessions.size, 0);
    const [declared] = await house.control.listPersistent();
    assert.equal(declared!.authentication, "mutual-chap");
    assert.equal(declared!.targetChapUser, null, "whoever knows the secret");
  }));

Deno.test("A target may have to prove itself by the initiator's own secret", () =>
  InitiatorHouse.with(async (house) => {
    house.requireChap(BOB, SERVER);
    const login = { ...LOGIN, chap: RIGHT, mutual: true };
    await assert.rejects(house.control.logIn(login), refusal("usage", /there is none.*CHAPSecret/));
    await assert.rejects(house.control.setMutualSecret("short"), refusal("usage", /5 octets/));
    await house.control.setMutualSecret("some other secret");
    await assert.rejects(house.control.logIn(login), refusal("permission", /prove itself/));
    const { facts } = await house.control.setMutualSecret(SERVER.secret.reveal().text);
    assert.equal(facts.mutualSecret, true);
    const made = await house.control.logIn({ ...login, persistent: true });
    assert.equal(made.facts.sessions[0]!.authentication, "mutual-chap");
    assert.equal((await house.control.setMutualSecret()).facts.mutualSecret, false);
    await house.restart();
    await house.until("logged-in"); // what was recorded has its own copy
  }));

Deno.test("A login may have several connections, and get and lose some while it lasts", () =>
  InitiatorHouse.with(async (house) => {
    const { control } = house;
    const { facts, notices } = await control.logIn({ ...LOGIN, connections: 3, persistent: true });
    const [session] = facts.sessions;
    assert.equal(session!.connections, 3);
    assert.deepEqual(notices, []);
    const added = await control.addConnection(session!.id, { portal: session!.portal });
    assert.equal(added.facts.cid, 4);
    assert.deepEqual((await control.removeConnection(session!.id, 2)).facts.cid, 2);
    const cids = (await control.sessions())[0]!.connectionList.map(({ cid }) => cid);
    assert.deepEqual(cids, [1, 3, 4]);
    await assert.rejects(control.removeConnection(session!.id, 1), refusal("in-use", /leading/));
    await assert.rejects(control.removeConnection(session!.id, 2), refusal("not-found", /no conn/));
    await assert.rejects(control.addConnection("99"), refusal("not-found", /no session 99/));
    await house.restart();
    assert.equal((await house.until("logged-in")).connections, 3, "as it was declared");
  }));

Deno.test("A login tells where the target takes fewer connections than were asked for", () =>
  InitiatorHouse.with(async ({ control }) => {
    const { facts, notices } = await control.logIn({ ...LOGIN, connections: 3 });
    assert.equal(facts.sessions[0]!.connections, 2);
    assert.deepEqual(notices, [
      `session ${facts.sessions[0]!.id} has 2 of 3 connections: the target takes no more`,
    ]);
    const { id } = facts.sessions[0]!;
    await assert.rejects(control.addConnection(id), refusal("failed", /too many connections/));
  }, { limits: { connectionsOfSession: 2 } }));

Deno.test("An informational session answers questions, and its LUNs are no devices", () =>
  InitiatorHouse.with(async ({ control }) => {
    const { facts } = await control.logIn({ ...LOGIN, informational: true });
    const [session] = facts.sessions;
    assert.deepEqual([session!.type, facts.devices], ["informational", []]);
    const answer = await control.ask(session!.id, { kind: "read-capacity", lun: 0 });
    assert.equal(answer.status, 0);
    assert.deepEqual(await control.devices(), []);
  }));

Deno.test("A portal is pinged with data that comes back, and says so where it does not", () =>
  InitiatorHouse.with(async (house) => {
    const { control, network } = house;
    const portal = { address: PORTAL.host, port: PORTAL.port };
    for (const size of [0, 32, 8192]) {
      const { replies } = await control.ping(portal, { size, count: 3 });
      assert.equal(replies.length, 3);
      assert.ok(replies.every((ms) => ms !== null && ms >= 0), `${replies}`);
    }
    assert.equal(house.target.node.sessions.size, 0);
    await assert.rejects(control.ping(portal, { size: 8193 }), refusal("usage", /are none/));
    await assert.rejects(control.ping(portal, { count: 0 }), refusal("usage", /are none/));
    const deaf = new ScriptedPortal(async (target) => {
      await target.logIn();
      await target.expectEnd();
    });
    network.portals.set(PORTAL_TEXT, deaf.answering);
    assert.deepEqual((await control.ping(portal, { count: 2 })).replies, [null, null]);
    network.portals.delete(PORTAL_TEXT);
    await assert.rejects(control.ping(portal), refusal("unreachable", /nothing listens/));
  }));

Deno.test("One attached device of a persistent login is bound by itself", () =>
  InitiatorHouse.with(async ({ control }) => {
    const { facts } = await control.logIn({ ...LOGIN, persistent: true });
    const { name } = facts.devices[0]!;
    await assert.rejects(control.bind(name), refusal("failed", /not attached/));
    await control.attach(name, { way: "url" });
    assert.deepEqual((await control.bind(name)).facts.bound, [name]);
    assert.deepEqual((await control.unbind(name)).facts.bound, []);
    await control.detach(name);
  }));

Deno.test("What cannot be flushed is an event of Ftdisk, and shows with the device", () => {
  const device = new VolatileDevice(1 << 20);
  return InitiatorHouse.with(async (house) => {
    const { control } = house;
    const { facts } = await control.logIn(LOGIN);
    const { name } = facts.devices[0]!;
    const { url } = (await control.attach(name, { way: "url" })).facts.attached!;
    const disk = await (await openDevice(url!)).device;
    await disk.write(0, new Uint8Array(4096).fill(1), 0, 4096);
    device.flush = () => Promise.reject(new DeviceError("medium", "no"));
    await assert.rejects(Promise.resolve(disk.flush()), DeviceError);
    const { events } = await control.events();
    const [told] = events.filter(({ kind }) => kind === "flush-failed");
    assert.deepEqual([told!.source, told!.id], ["Ftdisk", 57]);
    assert.match(told!.text, new RegExp(`^data of ${name} could not be flushed.*MEDIUM ERROR`));
    assert.match((await control.devices())[0]!.error!, /cannot flush .*; open it anew to go on/);
    await disk.close().catch(() => undefined);
    await control.detach(name, { force: true }).catch(() => undefined);
  }, { device, makeClock: () => systemClock });
});

Deno.test("A login to a target that was added by hand is as was said then, where it says nothing", () =>
  InitiatorHouse.with(async (house) => {
    house.requireChap(BOB);
    const { control } = house;
    const portals = [{ address: PORTAL.host, port: PORTAL.port }];
    await control.addTarget({ iqn: TARGET_NAME, portals, chap: RIGHT, headerDigest: true });
    const { facts } = await control.logIn({ target: TARGET_NAME });
    const [session] = facts.sessions;
    assert.deepEqual([session!.authentication, session!.headerDigest], ["chap", "crc32c"]);
    await control.logOut({ target: TARGET_NAME });
    const login = { target: TARGET_NAME, chap: WRONG, headerDigest: false };
    await assert.rejects(control.logIn(login), refusal("permission", /authentication failed/));
    await house.restart();
    await house.control.logIn({ target: TARGET_NAME, dataDigest: true });
  }));

Deno.test("Targets that are added by hand have an alias, may be hidden, and may be added to", () =>
  InitiatorHouse.with(async ({ control }) => {
    const iqn = "iqn.2026-01.org.example:other";
    const [first, second] = ["192.0.2.7", "192.0.2.8"].map((address) => ({ address, port: 3260 }));
    await control.addTarget({ iqn, portals: [first!], alias: "Mail" });
    await control.addTarget({ iqn, portals: [second!], merge: true });
    const [known] = await control.listTargets();
    assert.equal(known!.alias, "Mail");
    assert.deepEqual(known!.portals.map(({ address }) => address), ["192.0.2.7", "192.0.2.8"]);
    await control.addTarget({ iqn, portals: [first!], hidden: true });
    assert.deepEqual(await control.listTargets(), []);
    await control.addTarget({ iqn, portals: [] });
    assert.deepEqual((await control.listTargets()).map(({ portals }) => portals), [[]]);
  }));
