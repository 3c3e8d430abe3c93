import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { StateStore } from "../../../lib/config/store.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { ADA, TARGET_NOT_FOUND, TestService, withService } from "./service_fixture.ts";

const SIZE = 1 << 20;
const TEST_UNIT_READY = new Uint8Array(16);
const GOOD = 0;
const NOT_READY = 0x02;
const DATA_PROTECT = 0x07;

function isRefusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  };
}

/** Target `mail` for Ada, with the disk `d0` behind LUN 0. */
async function mail({ control }: TestService): Promise<void> {
  await control.createTarget({ name: "mail", allow: [`iqn:${ADA}`], description: "the mail" });
  await control.createDisk({ memory: "d0", size: SIZE, target: "mail" });
}

/** The sense codes that the initiator is told of a LUN, until it answers GOOD. */
async function attentions(initiator: TestInitiator, lun = 0): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const { status, code } = await initiator.run({ cdb: TEST_UNIT_READY, lun });
    if (status === GOOD) return codes;
    codes.push(code);
    if (codes.length > 8) throw new Error(`it does not end: ${codes}`);
  }
}

function write(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, 0, lba, 0, 0, blocks, 0, 0, 0, 0, 0, 0, 0];
}

async function writeBlock(initiator: TestInitiator, lun = 0) {
  const data = new Uint8Array(512).fill(7);
  return await initiator.run({ cdb: write(0, 1), write: true, length: 512, data, lun });
}

Deno.test("Service lets in whom a target admits, as soon as it does", () =>
  withService(async (service) => {
    await mail(service);
    await service.control.createTarget({ name: "web" });
    assert.equal((await service.tryLogIn("web")).status, TARGET_NOT_FOUND);
    await service.control.allow("web", [ADA]);
    assert.equal((await service.tryLogIn("web")).status, 0);
    await service.control.deny("web", [ADA]);
    assert.equal((await service.tryLogIn("web", { isid: 9 })).status, TARGET_NOT_FOUND);
    assert.equal((await service.control.sessions("web")).length, 1);
  }));

Deno.test("Service tells of sessions what they are and what they did", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await service.logIn("mail");
    await attentions(initiator);
    await writeBlock(initiator);
    service.clock.advance(61_500);
    await initiator.command({ cdb: write(0, 1), write: true, length: 512 });
    await initiator.receive(); // the R2T of a command that stays unanswered
    const [session] = await service.control.sessions();
    const { id, tsih, counters, ...facts } = session!;
    assert.equal(id, String(tsih));
    assert.deepEqual(facts, {
      target: "mail",
      iqn: (await service.control.showTarget("mail")).iqn,
      initiator: ADA,
      alias: "ada's host",
      isid: "800000000001",
      portalGroup: 1,
      since: "2026-01-01T00:00:00.000Z",
      ageSeconds: 61,
      connections: [{
        id: 0,
        peer: "192.0.2.101:50000",
        portal: "192.0.2.1:3260",
        headerDigest: "None",
        dataDigest: "None",
      }],
      outstandingTasks: 1,
    });
    assert.equal(counters.octetsWritten, 512);
    const target = await service.control.showTarget("mail");
    assert.equal(target.state, "logged-in");
    assert.deepEqual(target.counters, counters);
    assert.equal((await service.control.showDisk("d0")).counters.octetsWritten, 512);
  }));

Deno.test("Service keeps what ended sessions and deleted targets did in its counters", () =>
  withService(async (service) => {
    await mail(service);
    for (const isid of [1, 2]) {
      const initiator = await service.logIn("mail", { isid });
      await attentions(initiator);
      await writeBlock(initiator);
    }
    const written = async () => (await service.control.status()).counters.octetsWritten;
    assert.equal(await written(), 1024);
    await service.control.deleteTarget("mail", { force: true });
    assert.equal(await written(), 1024);
    await service.control.createTarget({ name: "mail" });
    assert.equal((await service.control.showTarget("mail")).counters.octetsWritten, 0);
    assert.equal(await written(), 1024);
  }));

Deno.test("A disk assigned while initiators are logged in is announced, and there at once", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await service.logIn("mail");
    await attentions(initiator);
    await service.control.createDisk({ memory: "d1", size: SIZE, target: "mail" });
    assert.deepEqual(await attentions(initiator), [0x3f0e]);
    assert.deepEqual(await attentions(initiator, 1), [0x2900]);
    assert.equal((await writeBlock(initiator, 1)).status, GOOD);
  }));

Deno.test("A disk is not taken from initiators that are logged in, unless it is forced", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await service.logIn("mail");
    await attentions(initiator);
    const { control } = service;
    await assert.rejects(control.unassignDisk("d0"), isRefusal("in-use", /1 session.*--force/));
    await assert.rejects(control.deleteTarget("mail"), isRefusal("in-use", /1 session.*--force/));
    assert.deepEqual(await attentions(initiator), []);
    await control.unassignDisk("d0", "mail", { force: true });
    assert.equal((await initiator.receive())?.opcode, Opcode.ASYNC_MESSAGE);
    assert.equal(await initiator.receive(), null);
    assert.deepEqual(await control.sessions(), []);
    assert.equal((await control.showTarget("mail")).state, "idle");
    // Who logs in again does not see it any more, and the disk forgets the nexus.
    const again = await service.logIn("mail");
    const { status } = await again.run({ cdb: TEST_UNIT_READY });
    assert.notEqual(status, GOOD);
  }));

Deno.test("A target that is deleted by force ends its sessions and says how many", () =>
  withService(async (service) => {
    await mail(service);
    await service.logIn("mail", { isid: 1 });
    const initiator = await service.logIn("mail", { isid: 2 });
    const { iqn } = await service.control.showTarget("mail");
    const { facts } = await service.control.deleteTarget("mail", { force: true });
    assert.deepEqual(facts, { name: "mail", iqn, sessionsEnded: 2 });
    assert.equal((await initiator.receive())?.opcode, Opcode.ASYNC_MESSAGE);
    assert.equal(await initiator.receive(), null);
    assert.equal((await service.tryLogIn("", { iqn })).status, TARGET_NOT_FOUND);
    assert.deepEqual((await service.control.showDisk("d0")).assignments, []);
  }));

Deno.test("A renamed target keeps its sessions; a new iSCSI name ends them", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await service.logIn("mail");
    await attentions(initiator);
    const { control } = service;
    await control.setTarget("mail", { name: "post" });
    assert.deepEqual(await attentions(initiator), []);
    assert.equal((await control.sessions("post"))[0]!.target, "post");
    const iqn = "iqn.2026-01.com.example:post";
    await assert.rejects(control.setTarget("post", { iqn }), isRefusal("in-use", /--force/));
    await control.setTarget("post", { iqn }, { force: true });
    assert.equal((await initiator.receive())?.opcode, Opcode.ASYNC_MESSAGE);
    assert.equal(await initiator.receive(), null);
    const again = await service.logIn("post");
    assert.deepEqual(await attentions(again), [0x2900]);
  }));

Deno.test("An assignment that becomes read-only refuses the next write and keeps the session", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await service.logIn("mail");
    await attentions(initiator);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    await service.control.assignDisk("d0", "mail", { readOnly: true });
    assert.equal((await writeBlock(initiator)).key, DATA_PROTECT);
    await service.control.assignDisk("d0", "mail", { readOnly: false });
    assert.equal((await writeBlock(initiator)).status, GOOD);
  }));

Deno.test("A disk whose file is missing at start is failed, and not ready", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.createTarget({ name: "mail", allow: [ADA] });
  await first.control.createDisk({ path: "/d/d0.vhd", size: SIZE, target: "mail" });
  await first.control.createDisk({ path: "/d/d1.vhd", size: SIZE, target: "mail" });
  await first.stop();
  assert.deepEqual([...first.files.open_], []);
  first.files.found.delete("/d/d0.vhd");

  const second = await TestService.start(directory, first.files);
  try {
    const disk = await second.control.showDisk("d0");
    assert.equal(disk.state, "failed");
    assert.match(disk.failure!, /there is no \/d\/d0\.vhd; put it back/);
    assert.equal(disk.size, SIZE);
    const { problems } = await second.control.status();
    assert.deepEqual(problems, [`disk d0: ${disk.failure}`]);
    assert.match(second.errors.join(), /cannot be opened: d0 there is no/);
    const initiator = await second.logIn("mail");
    await initiator.run({ cdb: TEST_UNIT_READY });
    const { key } = await initiator.run({ cdb: TEST_UNIT_READY });
    assert.equal(key, NOT_READY);
    // The other disk is as good as ever.
    assert.deepEqual(await attentions(initiator, 1), [0x2900]);
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("A change that cannot be saved is not made", () =>
  withService(async (service, directory) => {
    await mail(service);
    const { control, files } = service;
    const before = [await control.listTargets(), await control.listDisks()];
    const saved = await Deno.readTextFile(`${directory}/state.yaml`);
    await Deno.mkdir(`${directory}/state.yaml.new/x`, { recursive: true });
    const changes = [
      () => control.createTarget({ name: "web" }),
      () => control.deleteTarget("mail"),
      () => control.createDisk({ path: "/d/new.vhd", size: SIZE, target: "mail" }),
      () => control.unassignDisk("d0"),
    ];
    for (const change of changes) {
      await assert.rejects(change(), isRefusal("failed", /could not be written/));
    }
    assert.deepEqual([await control.listTargets(), await control.listDisks()], before);
    assert.equal(await Deno.readTextFile(`${directory}/state.yaml`), saved);
    // The file that was made for it is gone again, and nothing is left open.
    assert.deepEqual([[...files.found.keys()], [...files.open_]], [[], []]);
    await Deno.remove(`${directory}/state.yaml.new`, { recursive: true });
    await control.createTarget({ name: "web" });
  }));

Deno.test("A disk that cannot be opened is not declared, and a file made for it is deleted", () =>
  withService(async (service) => {
    const { control, files } = service;
    files.put("/d/old.img");
    files.refusal = new ControlError("failed", "the medium is bad", "replace it");
    const path = "/d/new.img";
    await assert.rejects(control.createDisk({ path, size: SIZE }), isRefusal("failed", /bad/));
    await assert.rejects(control.importDisk({ path: "/d/old.img" }), isRefusal("failed", /bad/));
    assert.deepEqual(await control.listDisks(), []);
    assert.deepEqual([...files.found.keys()], ["/d/old.img"]);
  }));

Deno.test("A disk's creation can be called off, and leaves nothing behind", () =>
  withService(async ({ control, files }) => {
    const stop = new AbortController();
    const creation = control.createDisk(
      { path: "/d/new.vhd", size: SIZE },
      () => stop.abort(),
      stop.signal,
    );
    await assert.rejects(creation, { name: "AbortError" });
    assert.deepEqual(await control.listDisks(), []);
    assert.deepEqual([...files.found.keys()], []);
  }));

Deno.test("Changes asked for at once are made one after another", () =>
  withService(async (service, directory) => {
    const { control } = service;
    await control.createTarget({ name: "mail", allow: ["any"] });
    const names = Array.from({ length: 20 }, (_, at) => `d${at}`);
    await Promise.all(
      names.map((memory) => control.createDisk({ memory, size: 512, target: "mail" })),
    );
    const { luns } = await control.showTarget("mail");
    assert.deepEqual(luns.map(({ lun }) => lun), names.map((_, lun) => lun));
    assert.equal((await new StateStore(directory).load()).disks.length, 20);
  }));

Deno.test("A removed disk is closed before its file is deleted", () =>
  withService(async ({ control, files }) => {
    await control.createDisk({ path: "/d/a.vhd", size: SIZE });
    await control.createDisk({ path: "/d/b.vhd", size: SIZE });
    const kept = await control.removeDisk("a");
    assert.deepEqual(kept.facts, { name: "a", path: "/d/a.vhd", fileDeleted: false });
    const { facts } = await control.removeDisk("b", { deleteFile: true });
    assert.deepEqual(facts, { name: "b", path: "/d/b.vhd", fileDeleted: true });
    assert.deepEqual([[...files.found.keys()], [...files.open_]], [["/d/a.vhd"], []]);
  }));

Deno.test("A disk keeps its identity through rename of its target, move and restart", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await mail(first);
  const inquire = async (service: TestService, target: string) => {
    const initiator = await service.logIn(target);
    const cdb = [0x12, 1, 0x83, 0, 252, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // The first designation descriptor is the unit's; those of the target's ports follow.
    return (await initiator.run({ cdb, read: true, length: 252 })).data.slice(4, 24);
  };
  const before = await inquire(first, "mail");
  const { uuid } = await first.control.showDisk("d0");
  await first.control.deleteTarget("mail", { force: true });
  await first.control.createTarget({ name: "web", allow: [ADA] });
  await first.control.assignDisk("d0", "web");
  assert.deepEqual(await inquire(first, "web"), before);
  await first.stop();
  const second = await TestService.start(directory);
  try {
    assert.equal((await second.control.showDisk("d0")).uuid, uuid);
    assert.deepEqual(await inquire(second, "web"), before);
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
  }
});
