/** Disks that are attached on the server itself, and initiators that want them too. */
import assert from "node:assert/strict";
import { type BlockDevice, DeviceError } from "../../../lib/block/device.ts";
import { NbdDevice } from "../../../lib/nbd/client/nbd_device.ts";
import { parseNbdUrl } from "../../../lib/nbd/address.ts";
import { offlineControl } from "../../../lib/config/offline_control.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { ADA, TestService, withService } from "./service_fixture.ts";
import { isRefusal, logIn, mail, SIZE } from "./service_steps.ts";

const BY_URL = { way: "url" } as const;

/** What a program of this machine has of the disk. */
async function open(service: TestService, disk: string): Promise<BlockDevice> {
  const { attached } = await service.control.showDisk(disk);
  return await NbdDevice.open(parseNbdUrl(attached!.url!));
}

Deno.test("attachDisk() is refused while an initiator is logged in, unless it only reads", () =>
  withService(async (service) => {
    const { control } = service;
    await mail(service);
    await logIn(service);
    const refusal = isRefusal(
      "in-use",
      /target mail, which has disk d0, has 1 session open, of iqn/,
    );
    await assert.rejects(control.attachDisk("d0", BY_URL), refusal);
    assert.equal((await control.showDisk("d0")).attached, null);
    const { facts } = await control.attachDisk("d0", { ...BY_URL, readOnly: true });
    assert.deepEqual([facts.attached!.readOnly, facts.attached!.way], [true, "url"]);
    const program = await open(service, "d0");
    assert.equal(program.can.write, false);
    await program.close();
    const again = control.attachDisk("d0", BY_URL);
    await assert.rejects(again, isRefusal("in-use", /disk d0 is attached already/));
  }));

Deno.test("nobody logs in to a target of which the server writes a disk, until it is detached", () =>
  withService(async (service) => {
    const { control } = service;
    await mail(service);
    await control.attachDisk("d0", BY_URL);
    const { status } = await service.tryLogIn("mail");
    assert.equal(status, LoginStatus.SERVICE_UNAVAILABLE);
    const { events } = await control.events();
    assert.match(
      events.map(({ text }) => text).join(),
      /disk d0 is attached on this server, which/,
    );
    await control.createTarget({ name: "web", allow: [`iqn:${ADA}`] });
    for (
      const change of [
        () => control.assignDisk("d0", "web", { shared: true }),
        () => control.moveDisk("d0", "web"),
        () => control.removeDisk("d0"),
        () => control.setDisk("d0", { name: "other" }),
      ]
    ) await assert.rejects(change(), isRefusal("in-use", /disk d0 is attached on this server/));
    await control.detachDisk("d0");
    await logIn(service);
  }));

Deno.test("what a program has written is what initiators read, and no detaching takes it away unasked", () =>
  withService(async (service) => {
    const { control } = service;
    await mail(service);
    await control.attachDisk("d0", BY_URL);
    const program = await open(service, "d0");
    await program.write(0, new Uint8Array(512).fill(7), 0, 512);
    await assert.rejects(control.detachDisk("d0"), isRefusal("in-use", /d0 is in use over \d/));
    assert.equal((await control.status()).attached, 1);
    await control.detachDisk("d0", { force: true });
    const initiator = await logIn(service);
    const cdb = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    const { data } = await initiator.run({ cdb, read: true, length: 512 });
    assert.ok(data.every((octet) => octet === 7));
    await program.close().catch((error) => assert.ok(error instanceof DeviceError));
  }));

Deno.test("a disk that is attached is so again when the service starts, and says why where it is not", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const first = await TestService.start(directory);
    await mail(first);
    await first.control.attachDisk("d0", BY_URL);
    await first.stop();
    const offline = offlineControl(directory);
    const { attached } = await offline.showDisk("d0");
    assert.deepEqual([attached!.way, attached!.url, attached!.readOnly], [null, null, false]);
    const alone = offline.attachDisk("d0");
    await assert.rejects(alone, isRefusal("unreachable", /needs the service/));
    await assert.rejects(offline.removeDisk("d0"), isRefusal("in-use", /is attached/));

    const second = await TestService.start(directory);
    const program = await open(second, "d0");
    assert.equal(program.size, SIZE);
    await program.close();
    assert.equal((await second.tryLogIn("mail")).status, LoginStatus.SERVICE_UNAVAILABLE);
    await second.stop();
    await offline.detachDisk("d0");
    assert.equal((await offline.showDisk("d0")).attached, null);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a flush that fails for a program fences the disk for initiators too", () =>
  withService(async (service) => {
    const { control } = service;
    await mail(service);
    await control.attachDisk("d0", BY_URL);
    const program = await open(service, "d0");
    await program.write(0, new Uint8Array(512), 0, 512);
    service.files.devices.get("d0")!.flush = () =>
      Promise.reject(new DeviceError("medium", "the medium is gone"));
    await assert.rejects(program.flush(), DeviceError);
    const { state, failure } = await control.showDisk("d0");
    assert.equal(state, "failed");
    assert.match(failure!, /a flush failed \(the medium is gone\)/);
    await program.close().catch((error) => assert.ok(error instanceof DeviceError));
  }));
