import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { RETRY_MS } from "../../../lib/config/absent_disks.ts";
import { planDisk } from "../../../lib/config/operations/declare_disk.ts";
import { RunningDisk } from "../../../lib/config/running_disk.ts";
import type { EventFacts } from "../../../lib/events/event_facts.ts";
import type { EventSink } from "../../../lib/events/event_sink.ts";
import { flush } from "../../../lib/scsi/flush.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { TestClock } from "../../support/test_clock.ts";
import { MemoryDiskFiles } from "./memory_disk_files.ts";
import { TestService, withService } from "./service_fixture.ts";

async function texts({ control }: TestService, source?: string): Promise<string[]> {
  return (await control.events({ source })).events.map(({ text }) => text);
}

Deno.test("A service tells of logins, of refusals with their reason, and of sessions' ends", () =>
  withService(async (service) => {
    const { control } = service;
    await control.createTarget({ name: "mail", iqn: "iqn.2026-01.org.example:mail" });
    await control.allow("mail", ["iqn.2026-01.com.example:ada"]);
    const streams = [(await service.logIn("mail")).stream];
    const eve = "iqn.2026-01.com.example:eve";
    for (const iqn of ["", "iqn.2026-01.org.example:none"]) {
      streams.push((await service.tryLogIn("mail", { name: eve, iqn })).initiator.stream);
    }
    for (const stream of streams) stream.close();
    while (service.server.connectionCount > 0) await turn();
    const [ada, from] = ["iqn.2026-01.com.example:ada", "from 192.0.2.101"];
    assert.deepEqual(await texts(service, "target"), [
      `${ada} ${from} logged in to mail, let in by iqn:${ada}`,
      `${eve} ${from} was refused by mail with status 0203: none of iqn:${ada} admits it`,
      `${eve} ${from} was refused by iqn.2026-01.org.example:none with status 0203: ` +
      "there is no target of this name",
      `the session of ${ada} ${from} with mail ended: closed by the peer`,
    ]);
  }));

Deno.test("A service tells what to do about a login that was refused, by why it was", () =>
  withService(async (service) => {
    const { control } = service;
    await control.createDisk({ path: "/d/d0.vhd", size: 1 << 20 });
    await control.createTarget({ name: "mail" });
    await control.assignDisk("d0", "mail");
    const refused = async (options: { name?: string; iqn?: string } = {}): Promise<EventFacts> => {
      (await service.tryLogIn("mail", options)).initiator.stream.close();
      const { events } = await control.events({ source: "target" });
      return events.findLast(({ kind }) => kind === "login-refused")!;
    };
    assert.match((await refused()).remedy, /admit it: sanctl target allow/);
    const none = await refused({ iqn: "iqn.2026-01.org.example:none" });
    assert.match(none.remedy, /correct the name/);
    await control.allow("mail", ["any"]);
    await control.attachDisk("d0", { way: "url" });
    const attached = await refused();
    assert.match(attached.cause, /this server itself writes a disk/);
    assert.match(attached.remedy, /sanctl disk detach/);
    await control.detachDisk("d0");
    await control.setLimits({ sessionsOfTarget: 1 });
    const { stream } = await service.logIn("mail");
    const full = await refused({ name: "iqn.2026-01.com.example:eve" });
    assert.match(full.text, /there are too many sessions/);
    assert.match(full.remedy, /sanctl target limits/);
    stream.close();
  }));

Deno.test("A service tells of initiators that do not offer CHAP where it is required", () =>
  withService(async (service) => {
    const { control } = service;
    await control.createTarget({ name: "mail", iqn: "iqn.2026-01.org.example:mail" });
    await control.allow("mail", ["any"]);
    await control.setChap("mail", { user: "ada", secret: "ada's own words!" });
    (await service.tryLogIn("mail")).initiator.stream.close();
    const text = "target mail requires CHAP, and iqn.2026-01.com.example:ada from 192.0.2.101 " +
      "did not offer it";
    assert.deepEqual(await texts(service, "WinTarget"), [text]);
  }));

Deno.test("A service tells of its start and end, of changes, and of disks that are absent", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.createDisk({ path: "/d/a.vhd", size: 1 << 20 });
  await first.control.createTarget({ name: "mail" });
  await first.control.assignDisk("a", "mail");
  await first.stop();
  await first.files.delete("/d/a.vhd");
  const second = await TestService.start(directory, first.files);
  try {
    second.files.put("/d/a.vhd");
    second.clock.advance(RETRY_MS);
    while (!(await second.control.showDisk("a")).state.startsWith("ready")) await turn();
    const told = (await texts(second)).map((text) => text.replace(/ \(.*\)|: .*/, ""));
    assert.deepEqual(told, [
      "the service started",
      "disk a was added",
      "target mail was added",
      "disk a changed",
      "the service stopped in order",
      "the service started",
      "disk a cannot be opened",
      "disk a is there again",
    ]);
  } finally {
    await second.stop();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("A disk that fails is told of with its name of the day, a flush that failed once", async () => {
  const told: unknown[] = [];
  const events: EventSink = { note: (kind, data) => void told.push([kind, data]) };
  const device = new MemoryDevice(1 << 20);
  device.flush = () => Promise.reject(new DeviceError("medium", "the platter broke"));
  device.read = () => Promise.reject(new DeviceError("medium", "a sector is bad"));
  device.write = () => Promise.reject(new DeviceError("out-of-range", "the peer's fault"));
  const files = new MemoryDiskFiles();
  files.open = () => Promise.resolve(device);
  const disk = planDisk({ memory: "a", size: 1 << 20 });
  let name = "a";
  const clock = new TestClock();
  const around = { files, events, logger: silentLogger, clock, nameOf: () => name };
  const running = await RunningDisk.open(disk, { ...around, reservationDirectory: "/nowhere" });
  const { unit } = running;
  for (let i = 0; i < 1000; i++) {
    await assert.rejects(unit.device.read(0, new Uint8Array(512), 0, 512));
    await assert.rejects(unit.device.write(0, new Uint8Array(512), 0, 512));
  }
  const errors = Array.from(
    { length: 5 },
    () => ["disk-error", { disk: "a", reason: "a sector is bad" }],
  );
  assert.deepEqual(told, errors);
  name = "b";
  around.clock.advance(3_600_000);
  await flush(unit);
  await flush(unit);
  assert.equal(told.length, 7);
  assert.deepEqual(told[5], ["disk-error", { disk: "b", reason: "the platter broke" }]);
  const [kind, data] = told[6] as [string, { disk: string; reason: string }];
  assert.deepEqual([kind, data.disk], ["disk-failed", "b"]);
  assert.match(data.reason, /a flush failed \(the platter broke\)/);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("B-16: an initiator whose name steers terminals leaves none of that in the events", () =>
  withService(async (service, directory) => {
    await service.control.createTarget({ name: "mail" });
    const name = "iqn.2026-01.com.example:\u202e\u2028fake event";
    assert.notEqual((await service.tryLogIn("mail", { name })).status, 0);
    const [text] = await texts(service, "target");
    assert.match(text!, /^iqn\.2026-01\.com\.example:\\u\{202e\}\\u\{2028\}fake event from/);
    for await (const { name: file } of Deno.readDir(`${directory}/events`)) {
      const kept = await Deno.readTextFile(`${directory}/events/${file}`);
      for (const line of kept.trimEnd().split("\n")) {
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}]/u);
        assert.ok(line.length < 1200, `${line.length} characters`);
      }
    }
  }));
