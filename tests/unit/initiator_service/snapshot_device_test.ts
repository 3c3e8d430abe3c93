/** A snapshot asked for by the initiator: what holds still, in which order, and what goes on. */
import assert from "node:assert/strict";
import type { Control } from "../../../lib/config/control.ts";
import { ControlError } from "../../../lib/config/control_error.ts";
import { missingDeviceFacts } from "../../../lib/initiator_service/facts_of.ts";
import { type Hush, whileQuiet } from "../../../lib/initiator_service/quiet_device.ts";
import { newDevice } from "../../../lib/initiator_service/running_devices.ts";
import { snapshotDevice } from "../../../lib/initiator_service/snapshot_device.ts";

const UUID = "00112233-4455-6677-8899-aabbccddeeff";

function world(mounts: readonly string[], failing: readonly string[] = []) {
  const log: string[] = [];
  const did = (what: string): Promise<undefined> => {
    log.push(what);
    return Promise.resolve(undefined);
  };
  const hush: Hush = {
    freeze: async (mount) => {
      await did(`freeze ${mount}`);
      return failing.includes(mount) ? "not supported" : undefined;
    },
    thaw: (mount) => did(`thaw ${mount}`),
    writeOut: (mount) => did(`write out ${mount}`),
    flush: () => did("flush"),
  };
  const create = async () => {
    await did("snapshot");
    if (failing.includes("snapshot")) throw new ControlError("failed", "no space", "make some");
    return { facts: [{ name: "d-1", takenAt: "2026-01-01T00:00:00Z" }], notices: [] };
  };
  const server = {
    listDisks: () => Promise.resolve([{ name: "other", uuid: "x" }, { name: "d", uuid: UUID }]),
    snapshots: { create },
  } as unknown as Control;
  const device = {
    ...missingDeviceFacts(newDevice("naa.3", "mail/0")),
    serial: UUID.replaceAll("-", ""),
    attached: {
      ...{ readOnly: false, url: "nbd+unix:///x?socket=/s", path: "/dev/nbd0", clients: 0 },
      ...{ way: "nbd" as const, mounts },
    },
  };
  const hooks = { before: () => did("before"), after: () => did("after") };
  return { log, hush, server, device, hooks };
}

Deno.test("a snapshot is taken while all file systems are frozen, and they are thawed after it", async () => {
  const { log, hush, server, device, hooks } = world(["/a", "/b"]);
  const facts = await snapshotDevice(device, server, hooks, hush);
  assert.deepEqual(
    log,
    "before,freeze /a,freeze /b,flush,snapshot,thaw /b,thaw /a,after".split(","),
  );
  assert.deepEqual([facts.disk, facts.snapshot, facts.consistency], ["d", "d-1", "file-system"]);
});

Deno.test("what cannot be frozen is written out, and it is said so", async () => {
  const { log, hush, server, device } = world(["/a", "/b"], ["/b"]);
  const { consistency, frozen, notices } = await snapshotDevice(device, server, {}, hush);
  assert.deepEqual(log, "freeze /a,freeze /b,write out /b,flush,snapshot,thaw /a".split(","));
  assert.deepEqual([consistency, frozen], ["crash", ["/a"]]);
  assert.match(notices[0]!, /^\/b could not be frozen.*not supported/);
});

Deno.test("without a file system it is as after a power failure, and says so", async () => {
  const { log, hush, server, device } = world([]);
  assert.equal((await snapshotDevice(device, server, {}, hush)).consistency, "crash");
  assert.deepEqual(log, ["flush", "snapshot"]);
});

Deno.test("everything goes on when there is no snapshot, and why is told", async () => {
  const { log, hush, server, device, hooks } = world(["/a"], ["snapshot"]);
  await assert.rejects(snapshotDevice(device, server, hooks, hush), /no space/);
  assert.deepEqual(log, "before,freeze /a,flush,snapshot,thaw /a,after".split(","));
});

Deno.test("nothing is frozen for a disk that the server has not, or when what comes before fails", async () => {
  const { log, hush, server, device } = world(["/a"]);
  const stranger = { ...device, serial: "ffff" };
  await assert.rejects(
    snapshotDevice(stranger, server, {}, hush),
    /the server has no disk that is device mail\/0/,
  );
  const before = () => Promise.reject(new Error("busy"));
  await assert.rejects(snapshotDevice(device, server, { before }, hush), /busy/);
  assert.deepEqual(log, []);
});

Deno.test("a server that does not answer keeps nobody frozen", async () => {
  const { log, hush, device } = world(["/a"]);
  const never = Promise.withResolvers<never>();
  await assert.rejects(whileQuiet(device, () => never.promise, hush, 20), /the file systems go on/);
  assert.deepEqual(log, ["freeze /a", "flush", "thaw /a"]);
  never.reject(new Error("late"));
});
