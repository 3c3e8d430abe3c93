/** What FileDevice does with its file, on one that fails and waits as told. */
import assert from "node:assert/strict";
import { DeviceError, type DeviceErrorKind } from "../../../lib/block/device.ts";
import { FileDevice } from "../../../lib/block/file.ts";
import { pattern, readAll, writeAll } from "./device_model.ts";
import { FakeFile } from "./fake_file.ts";

const SIZE = 8 << 20;

function deviceOf(file: FakeFile, sparse = false): FileDevice {
  return new FileDevice(file, { offset: 0, size: SIZE }, { sparse, clock: file.clock });
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("A124: after a failed flush every write and flush fails for good", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  await writeAll(device, 0, pattern(512, 1));
  file.failure = new DeviceError("medium", "cannot flush");
  await assert.rejects(device.flush(), kind("medium"));
  file.failure = undefined;
  const syncs = file.calls.filter((call) => call === "sync").length;
  await assert.rejects(device.flush(), kind("fenced"));
  assert.throws(() => device.writeNow(0, pattern(512, 2), 0, 512), kind("fenced"));
  await assert.rejects(device.write(0, pattern(512, 2), 0, 512), kind("fenced"));
  await assert.rejects(device.unmap(0, 512), kind("fenced"));
  assert.equal(file.calls.filter((call) => call === "sync").length, syncs, "sync is not retried");
  const into = new Uint8Array(512);
  await readAll(device, 0, into);
  assert.deepEqual(into, pattern(512, 1), "reads go on");
  await assert.rejects(device.close(), kind("fenced"));
  assert.ok(file.closed, "the file is let go all the same");
});

Deno.test("A124: a flush that waited for the run after a failed one fails too", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  const gate = Promise.withResolvers<void>();
  file.gate = gate.promise;
  file.failure = new DeviceError("medium", "cannot flush");
  const first = assert.rejects(device.flush(), kind("medium"));
  await turns();
  const second = assert.rejects(device.flush(), kind("fenced"));
  gate.resolve();
  await Promise.all([first, second]);
});

Deno.test("FileDevice: flushes of one turn share a sync, a later one has the next", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  const gate = Promise.withResolvers<void>();
  file.gate = gate.promise;
  const first = [device.flush(), device.flush()];
  await turns();
  assert.deepEqual(file.calls, ["sync"]);
  const late = device.flush();
  await turns();
  assert.deepEqual(file.calls, ["sync"]);
  gate.resolve();
  await Promise.all([...first, late]);
  assert.deepEqual(file.calls, ["sync", "sync"]);
});

Deno.test("A125: a write without space fails with its kind, and the device goes on", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  file.failure = new DeviceError("no-space", "No space left on device");
  assert.throws(() => device.writeNow(0, pattern(512, 1), 0, 512), kind("no-space"));
  await assert.rejects(device.write(0, pattern(512, 1), 0, 512), kind("no-space"));
  file.failure = undefined;
  await writeAll(device, 0, pattern(512, 1));
  await device.flush();
});

Deno.test("FileDevice: after a slow read come asynchronous ones, then one tries again", () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  const into = new Uint8Array(4096);
  assert.ok(device.readNow(0, into, 0, 4096));
  file.tookMs = 1;
  assert.ok(device.readNow(0, into, 0, 4096));
  for (let i = 0; i < 16; i++) assert.equal(device.readNow(0, into, 0, 4096), false);
  assert.ok(device.readNow(0, into, 0, 4096));
  for (let i = 0; i < 32; i++) assert.equal(device.readNow(0, into, 0, 4096), false);
  file.tookMs = 0;
  assert.ok(device.readNow(0, into, 0, 4096));
  assert.ok(device.readNow(0, into, 0, 4096));
});

Deno.test("FileDevice: after a slow write the next ones go to the pool", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  file.tookMs = 6;
  assert.ok(device.writeNow(0, pattern(4096, 1), 0, 4096));
  file.tookMs = 0;
  for (let i = 0; i < 16; i++) await writeAll(device, 4096, pattern(4096, i));
  await writeAll(device, 8192, pattern(4096, 1));
  const expected = ["writeSync", ...Array(16).fill("write"), "writeSync"];
  assert.deepEqual(file.calls, expected);
});

Deno.test("FileDevice: with a page cache to ask, a read is never done while it would wait", () => {
  const file = new FakeFile(SIZE);
  file.cached = true;
  const device = deviceOf(file);
  const into = new Uint8Array(512);
  assert.ok(device.readNow(0, into, 0, 512));
  assert.deepEqual(file.calls, ["readCached"]);
});

Deno.test("FileDevice: unmap writes zeros in pieces where punching cannot be done", async () => {
  for (const [sparse, expected] of [[false, []], [true, ["punch"]]] as const) {
    const file = new FakeFile(SIZE);
    file.punches = true;
    file.punchFails = true;
    const device = deviceOf(file, sparse);
    assert.equal(device.can.unmap, sparse);
    file.octets.fill(7);
    await device.unmap(512, 3 << 20);
    assert.deepEqual(file.calls, [...expected, "write", "write", "write"]);
    assert.equal(file.octets.findIndex((octet) => octet === 0), 512);
    assert.equal(file.octets.lastIndexOf(0), 511 + (3 << 20));
  }
});

Deno.test("FileDevice: close waits for what is under way, and is the end", async () => {
  const file = new FakeFile(SIZE);
  const device = deviceOf(file);
  const gate = Promise.withResolvers<void>();
  file.writeGate = gate.promise;
  const write = device.write(0, pattern(512, 1), 0, 512);
  const close = device.close();
  await turns();
  assert.equal(file.closed, false);
  assert.throws(() => device.readNow(0, new Uint8Array(512), 0, 512), kind("gone"));
  await assert.rejects(device.flush(), kind("gone"));
  gate.resolve();
  await write;
  await close;
  assert.ok(file.closed);
  assert.deepEqual(file.calls, ["write", "sync"]);
  assert.equal(device.close(), close, "closing twice closes once");
});

function kind(expected: DeviceErrorKind): { name: string; kind: DeviceErrorKind } {
  return { name: "DeviceError", kind: expected };
}
