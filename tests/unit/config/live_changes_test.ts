/** What initiators that are logged in see of changes. */
import assert from "node:assert/strict";
import { AsyncEvent } from "../../../lib/iscsi/pdu/async_message.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { ADA, TARGET_NOT_FOUND, type TestService, withService } from "./service_fixture.ts";
import {
  attentions,
  GOOD,
  isRefusal,
  logIn,
  mail,
  SIZE,
  TEST_UNIT_READY,
  write,
  writeBlock,
} from "./service_steps.ts";

const BOB = "iqn.2026-01.com.example:bob";
const DATA_PROTECT = 0x07;
const REPORT_LUNS = [0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

const LUNS_CHANGED = 0x3f0e;
const MODE_CHANGED = 0x2a01;
const POWER_ON = 0x2900;
const NEXUS_LOSS = 0x2907;
const NO_SUCH_LUN = 0x2500;

/** What a unit attention says, as an event. */
function scsiEvent(code: number, lun = 0) {
  return { event: AsyncEvent.SCSI_EVENT, seconds: 0, lun, code };
}

function logoutRequested(seconds: number) {
  return { event: AsyncEvent.LOGOUT_REQUESTED, seconds, lun: 0 };
}

const DROPPED = { event: AsyncEvent.SESSION_DROPPED, seconds: 0, lun: 0 };

/** The initiator is asked to log out, does not, and is dropped. */
async function isDropped(service: TestService, initiator: TestInitiator): Promise<void> {
  assert.deepEqual(await initiator.announcement(), logoutRequested(5));
  service.clock.advance(5_000);
  assert.deepEqual(await initiator.announcement(), DROPPED);
  assert.equal(await initiator.announcement(), null);
}

async function reportLuns(initiator: TestInitiator): Promise<number> {
  const { data } = await initiator.run({ cdb: REPORT_LUNS, read: true, length: 256 });
  return new DataView(data.buffer).getUint32(0) / 8;
}

/** Target `mail` with disks behind LUNs 0 and 1. */
async function twoDisks(service: TestService): Promise<void> {
  await mail(service);
  await service.control.createDisk({ memory: "d1", size: SIZE, target: "mail" });
}

Deno.test("A100: a disk assigned while initiators are logged in is announced, and there at once", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    await service.control.createDisk({ memory: "d1", size: SIZE, target: "mail" });
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    assert.deepEqual(await attentions(initiator), [LUNS_CHANGED]);
    assert.deepEqual(await attentions(initiator, 1), [POWER_ON]);
    assert.equal((await writeBlock(initiator, 1)).status, GOOD);
  }));

Deno.test("the first disk of a target is announced to who has logged in before", () =>
  withService(async (service) => {
    await service.control.createTarget({ name: "mail", allow: [ADA] });
    const initiator = await service.logIn("mail");
    assert.equal((await initiator.run({ cdb: TEST_UNIT_READY })).code, NO_SUCH_LUN);
    await service.control.createDisk({ memory: "d0", size: SIZE, target: "mail" });
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    assert.deepEqual(await attentions(initiator), [POWER_ON]);
  }));

Deno.test("A100: a hundred disks are told of once, on whichever LUN is asked first", () =>
  withService(async (service) => {
    await twoDisks(service);
    const initiator = await logIn(service);
    const assign = (memory: string) =>
      service.control.createDisk({ memory, size: SIZE, target: "mail" });
    for (let at = 2; at < 102; at++) await assign(`d${at}`);
    assert.deepEqual(await attentions(initiator, 1), [LUNS_CHANGED]);
    assert.deepEqual(await attentions(initiator, 0), []);
    await assign("later");
    assert.deepEqual(await attentions(initiator, 0), [], "it knows, and has not asked since");
    assert.equal(await reportLuns(initiator), 103);
    await assign("last");
    assert.deepEqual(await attentions(initiator, 0), [LUNS_CHANGED]);
  }));

Deno.test("A100: who asks for the LUNs need not be told of them", () =>
  withService(async (service) => {
    await twoDisks(service);
    const initiator = await logIn(service);
    await service.control.createDisk({ memory: "d2", size: SIZE, target: "mail" });
    assert.equal(await reportLuns(initiator), 3);
    assert.deepEqual([await attentions(initiator), await attentions(initiator, 1)], [[], []]);
  }));

Deno.test("a disk is not taken from initiators that are logged in, unless it is forced", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    const { control } = service;
    await assert.rejects(control.unassignDisk("d0"), isRefusal("in-use", /1 session.*--force/));
    await assert.rejects(control.deleteTarget("mail"), isRefusal("in-use", /1 session.*--force/));
    assert.deepEqual(await attentions(initiator), []);
  }));

Deno.test("a disk that is taken away is gone, and the session goes on with the others", () =>
  withService(async (service) => {
    await twoDisks(service);
    const initiator = await logIn(service);
    await service.control.unassignDisk("d1", "mail", { force: true });
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    assert.equal((await initiator.run({ cdb: TEST_UNIT_READY, lun: 1 })).code, NO_SUCH_LUN);
    assert.deepEqual(await attentions(initiator), [LUNS_CHANGED]);
    assert.equal(await reportLuns(initiator), 1);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    // It comes back as a unit that nobody knows.
    await service.control.assignDisk("d1", "mail");
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    assert.deepEqual(await attentions(initiator, 1), [POWER_ON]);
  }));

Deno.test("commands that came before their disk was taken away end as they would have", () =>
  withService(async (service) => {
    await twoDisks(service);
    const initiator = await logIn(service);
    const device = service.files.devices.get("d1")!;
    device.hold("write");
    const data = new Uint8Array(512).fill(7);
    const written = await initiator.command({
      ...{ cdb: write(0, 1), write: true, length: 512, data, lun: 1 },
    });
    await device.waiting(1);
    let isTaken = false;
    const taken = service.control.unassignDisk("d1", "mail", { force: true })
      .then(() => isTaken = true);
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    assert.equal((await initiator.run({ cdb: TEST_UNIT_READY, lun: 1 })).code, NO_SUCH_LUN);
    assert.equal(isTaken, false, "while the disk is still being written");
    device.releaseAll();
    assert.equal((await initiator.result(written)).status, GOOD);
    await taken;
    const [session] = await service.control.sessions();
    assert.equal(session!.outstandingTasks, 0);
  }));

Deno.test("a session that withholds a write's data is dropped for a disk that is taken away", () =>
  withService(async (service) => {
    await twoDisks(service);
    const initiator = await logIn(service);
    const other = await logIn(service, "mail", 2);
    await initiator.command({ cdb: write(0, 1), write: true, length: 512, lun: 1 });
    await initiator.receive(); // the R2T
    const taken = service.control.unassignDisk("d1", "mail", { force: true });
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
    service.clock.advance(5_000);
    assert.deepEqual(await initiator.announcement(), DROPPED);
    await taken;
    assert.deepEqual(await attentions(other), [LUNS_CHANGED]);
    assert.equal((await service.control.sessions()).length, 1);
  }));

Deno.test("a disk that is moved is written by one target's initiators at a time", () =>
  withService(async (service) => {
    await twoDisks(service);
    const { control } = service;
    await control.createTarget({ name: "web", allow: [ADA] });
    const [before, after] = [await logIn(service), await logIn(service, "web", 2)];
    await assert.rejects(control.moveDisk("d1", "web"), isRefusal("in-use", /--force/));
    const device = service.files.devices.get("d1")!;
    device.hold("write");
    const data = new Uint8Array(512).fill(7);
    await before.command({ cdb: write(0, 1), write: true, length: 512, data, lun: 1 });
    await device.waiting(1);
    const moved = control.moveDisk("d1", "web", { force: true, lun: 3 });
    assert.deepEqual(await before.announcement(), scsiEvent(LUNS_CHANGED));
    assert.equal((await after.run({ cdb: TEST_UNIT_READY, lun: 3 })).code, NO_SUCH_LUN);
    device.releaseAll();
    assert.deepEqual((await moved).facts.assignments, [{ target: "web", lun: 3, readOnly: false }]);
    assert.deepEqual(await after.announcement(), scsiEvent(LUNS_CHANGED));
    assert.deepEqual(await attentions(after, 3), [POWER_ON]);
  }));

Deno.test("a medium that does not answer keeps its disk from others, and no change from its end", () =>
  withService(async (service) => {
    await twoDisks(service);
    const { control, clock } = service;
    await control.createTarget({ name: "web", allow: [ADA] });
    const [before, after] = [await logIn(service), await logIn(service, "web", 2)];
    const device = service.files.devices.get("d1")!;
    device.hold("write");
    const data = new Uint8Array(512).fill(7);
    await before.command({ cdb: write(0, 1), write: true, length: 512, data, lun: 1 });
    await device.waiting(1);
    const moved = control.moveDisk("d1", "web", { force: true, lun: 3 });
    assert.deepEqual(await before.announcement(), scsiEvent(LUNS_CHANGED));
    clock.advance(5_000);
    assert.deepEqual(await before.announcement(), DROPPED);
    clock.advance(10_000);
    await moved;
    assert.equal((await after.run({ cdb: TEST_UNIT_READY, lun: 3 })).code, NO_SUCH_LUN);
    device.releaseAll();
    assert.deepEqual(await after.announcement(), scsiEvent(LUNS_CHANGED));
    assert.deepEqual(await attentions(after, 3), [POWER_ON]);
  }));

Deno.test("A85: a target that is deleted by force asks its initiators to log out first", () =>
  withService(async (service) => {
    await mail(service);
    await service.control.disconnect({ all: true });
    const initiator = await logIn(service);
    const { iqn } = await service.control.showTarget("mail");
    const deleted = service.control.deleteTarget("mail", { force: true });
    assert.deepEqual(await initiator.announcement(), logoutRequested(5));
    // Meanwhile nobody finds it, and what is under way still ends.
    assert.equal((await service.tryLogIn("", { iqn, isid: 2 })).status, TARGET_NOT_FOUND);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    service.clock.advance(5_000);
    assert.deepEqual(await initiator.announcement(), DROPPED);
    assert.equal(await initiator.announcement(), null);
    assert.deepEqual((await deleted).facts, { name: "mail", iqn, sessionsEnded: 1 });
    assert.deepEqual((await service.control.showDisk("d0")).assignments, []);
  }));

Deno.test("A99: who logs in again is told of its loss, and where it is a stranger, of the power on", () =>
  withService(async (service) => {
    await mail(service);
    await (await logIn(service)).stream.close();
    assert.deepEqual(await attentions(await service.logIn("mail")), [NEXUS_LOSS]);
    assert.deepEqual(await attentions(await service.logIn("mail")), [NEXUS_LOSS], "reinstated");
    assert.deepEqual(await attentions(await service.logIn("mail", { isid: 2 })), [POWER_ON]);
    await service.control.unassignDisk("d0", "mail", { force: true });
    await service.control.assignDisk("d0", "mail");
    assert.deepEqual(await attentions(await service.logIn("mail", { isid: 2 })), [POWER_ON]);
  }));

Deno.test("a renamed target keeps its sessions; a new iSCSI name ends them", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    const { control } = service;
    await control.setTarget("mail", { name: "post" });
    assert.deepEqual(await attentions(initiator), []);
    assert.equal((await control.sessions("post"))[0]!.target, "post");
    const iqn = "iqn.2026-01.com.example:post";
    await assert.rejects(control.setTarget("post", { iqn }), isRefusal("in-use", /--force/));
    const changed = control.setTarget("post", { iqn }, { force: true });
    await isDropped(service, initiator);
    await changed;
    const again = await service.logIn("post");
    assert.deepEqual(await attentions(again), [POWER_ON]);
  }));

Deno.test("an initiator that may log in no more is logged out, and the others stay", () =>
  withService(async (service) => {
    const { control } = service;
    await control.createTarget({ name: "mail", allow: [ADA, BOB] });
    await control.createDisk({ memory: "d0", size: SIZE });
    await control.assignDisk("d0", "mail", { shared: true });
    const initiator = await service.logIn("mail");
    const bob = await service.logIn("mail", { name: BOB });
    const denied = control.deny("mail", [ADA]);
    assert.deepEqual(await initiator.announcement(), logoutRequested(5));
    assert.equal((await service.tryLogIn("mail", { isid: 2 })).status, TARGET_NOT_FOUND);
    service.clock.advance(5_000);
    assert.deepEqual(await initiator.announcement(), DROPPED);
    const { notices } = await denied;
    assert.match(notices.join(), new RegExp(`^session \\d+ of ${ADA} is ended$`));
    await bob.fence();
    assert.deepEqual((await control.sessions()).map(({ initiator }) => initiator), [BOB]);
  }));

Deno.test("who is admitted by another entry of the access list stays", () =>
  withService(async (service) => {
    await service.control.createTarget({ name: "mail", allow: [ADA, "any"] });
    const initiator = await service.logIn("mail");
    const { notices } = await service.control.deny("mail", [ADA]);
    assert.deepEqual(notices, []);
    await initiator.fence();
  }));

Deno.test("an assignment that becomes read-only says so, refuses writes and keeps the session", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    await service.control.assignDisk("d0", "mail", { readOnly: true });
    assert.deepEqual(await initiator.announcement(), scsiEvent(MODE_CHANGED));
    assert.deepEqual(await attentions(initiator), [MODE_CHANGED]);
    assert.equal((await writeBlock(initiator)).key, DATA_PROTECT);
    await service.control.setDisk("d0", { readOnly: false, name: "data" });
    assert.deepEqual(await attentions(initiator), [MODE_CHANGED]);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    assert.equal((await service.control.showDisk("data")).counters.writes, 2);
  }));

Deno.test("an initiator that asks for descriptors gets them in events too", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    const modeSense = [0x1a, 8, 0x0a, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const { data } = await initiator.run({ cdb: modeSense, read: true, length: 255 });
    data.fill(0, 0, 4); // the header is reserved on the way back
    data[6]! |= 0x04; // D_SENSE
    const { length } = data;
    const modeSelect = [0x15, 0x10, 0, 0, length, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const { status } = await initiator.run({ cdb: modeSelect, write: true, length, data });
    assert.equal(status, GOOD);
    await service.control.createDisk({ memory: "d1", size: SIZE, target: "mail" });
    assert.deepEqual(await initiator.announcement(), scsiEvent(LUNS_CHANGED));
  }));
