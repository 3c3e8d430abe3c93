import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { StateStore } from "../../../lib/config/store.ts";
import { ADA, TARGET_NOT_FOUND, TestService, withService } from "./service_fixture.ts";
import {
  attentions,
  isRefusal,
  mail,
  SIZE,
  TEST_UNIT_READY,
  write,
  writeBlock,
} from "./service_steps.ts";

const NOT_READY = 0x02;

Deno.test("Service lets in whom a target admits, as soon as it does", () =>
  withService(async (service) => {
    await mail(service);
    await service.control.createTarget({ name: "web" });
    assert.equal((await service.tryLogIn("web")).status, TARGET_NOT_FOUND);
    await service.control.allow("web", [ADA]);
    assert.equal((await service.tryLogIn("web")).status, 0);
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
      chapUser: null,
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
    await service.control.disconnect({ all: true }, { waitSeconds: 0 });
    await service.control.deleteTarget("mail");
    assert.equal(await written(), 1024);
    await service.control.createTarget({ name: "mail" });
    assert.equal((await service.control.showTarget("mail")).counters.octetsWritten, 0);
    assert.equal(await written(), 1024);
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
  await first.control.disconnect({ all: true }, { waitSeconds: 0 });
  await first.control.deleteTarget("mail");
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
