/** A disk that gets more space, as the service and its initiators see it. */
import assert from "node:assert/strict";
import { AsyncEvent } from "../../../lib/iscsi/pdu/async_message.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { ADA, TestService, withService } from "./service_fixture.ts";
import { attentions, GOOD, isRefusal, logIn, mail, SIZE, writeBlock } from "./service_steps.ts";

const CAPACITY_CHANGED = 0x2a09;
const READ_CAPACITY_10 = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

async function blockCount(initiator: TestInitiator, lun = 0): Promise<number> {
  const cdb = READ_CAPACITY_10;
  const { data } = await initiator.run({ cdb, read: true, length: 8, lun });
  return new DataView(data.buffer).getUint32(0) + 1;
}

async function writeLast(initiator: TestInitiator, blocks: number) {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x2a;
  new DataView(cdb.buffer).setUint32(2, blocks - 1);
  cdb[8] = 1;
  const data = new Uint8Array(512).fill(9);
  return await initiator.run({ cdb, write: true, length: 512, data });
}

Deno.test("A99: a disk that is extended while it is used is larger at once, and its initiators are told", () =>
  withService(async (service) => {
    await mail(service);
    await service.control.createDisk({ memory: "other", size: SIZE, target: "mail" });
    const [one, two] = [await logIn(service), await logIn(service, "mail", 2)];
    const { facts, notices } = await service.control.extendDisk("d0", { by: SIZE });
    assert.equal(facts.size, 2 * SIZE);
    assert.match(notices.join(), /file system/);
    for (const initiator of [one, two]) {
      const event = { event: AsyncEvent.SCSI_EVENT, seconds: 0, lun: 0, code: CAPACITY_CHANGED };
      assert.deepEqual(await initiator.announcement(), event);
      assert.deepEqual(await attentions(initiator), [CAPACITY_CHANGED]);
      assert.deepEqual(await attentions(initiator, 1), []);
      assert.equal(await blockCount(initiator), 2 * SIZE / 512);
      assert.equal(await blockCount(initiator, 1), SIZE / 512);
    }
    assert.equal((await writeLast(one, 2 * SIZE / 512)).status, GOOD);
    assert.deepEqual((await service.control.showTarget("mail")).luns[0]!.size, 2 * SIZE);
  }));

Deno.test("what goes on while a disk is extended goes on, and nobody waits for it", () =>
  withService(async (service) => {
    await mail(service);
    const initiator = await logIn(service);
    const device = service.files.devices.get("d0")!;
    device.hold("grow");
    const extended = service.control.extendDisk("d0", { by: SIZE });
    await device.waiting(1);
    assert.equal((await writeBlock(initiator)).status, GOOD);
    await service.control.createTarget({ name: "web" });
    await service.control.setDisk("d0", { name: "renamed" });
    const again = service.control.extendDisk("renamed", { by: SIZE });
    await assert.rejects(again, isRefusal("in-use", /being extended already/));
    device.releaseAll();
    const { facts } = await extended;
    assert.deepEqual([facts.name, facts.size], ["renamed", 2 * SIZE]);
  }));

Deno.test("an extension that is called off, or whose disk is removed, leaves the disk as it was", () =>
  withService(async (service) => {
    const { control, files } = service;
    await control.createDisk({ path: "/d/d0.vhd", size: SIZE });
    const device = files.devices.get("d0")!;
    device.hold("grow");
    const stop = new AbortController();
    const calledOff = control.extendDisk("d0", { by: SIZE }, undefined, stop.signal);
    await device.waiting(1);
    stop.abort();
    device.releaseAll();
    await assert.rejects(calledOff, { name: "AbortError" });
    assert.equal((await control.showDisk("d0")).size, SIZE);
    device.hold("grow");
    const orphaned = control.extendDisk("d0", { by: SIZE });
    await device.waiting(1);
    await control.removeDisk("d0");
    device.releaseAll();
    await assert.rejects(orphaned, isRefusal("failed", /was removed/));
    assert.equal(files.found.get("/d/d0.vhd")!.size, SIZE);
  }));

Deno.test("a disk that is not ready is not extended", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.createTarget({ name: "mail", allow: [ADA] });
  await first.control.createDisk({ path: "/d/d0.vhd", size: SIZE, target: "mail" });
  await first.stop();
  first.files.found.delete("/d/d0.vhd");
  const second = await TestService.start(directory, first.files);
  try {
    const extended = second.control.extendDisk("d0", { by: SIZE });
    await assert.rejects(extended, isRefusal("failed", /not ready: there is no \/d\/d0\.vhd/));
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("an extension that was not declared before the service died is found when it starts", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.createDisk({ path: "/d/d0.vhd", size: SIZE });
  await first.stop();
  first.files.put("/d/d0.vhd", 3 * SIZE);
  const second = await TestService.start(directory, first.files);
  try {
    assert.equal((await second.control.showDisk("d0")).size, 3 * SIZE);
    const smaller = second.control.extendDisk("d0", { to: 2 * SIZE });
    await assert.rejects(smaller, isRefusal("usage", /never shrinks/));
    assert.equal((await second.control.extendDisk("d0", { by: SIZE })).facts.size, 4 * SIZE);
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
  }
});
