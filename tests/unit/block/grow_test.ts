import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { FileDevice } from "../../../lib/block/file.ts";
import { FileError } from "../../../lib/block/file_error.ts";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { MeteredDevice } from "../../../lib/block/metered.ts";
import { ReadOnlyDevice } from "../../../lib/block/read_only.ts";
import { RecordedFile } from "../../support/recorded_file.ts";

const OLD = 3 * 512;
const NEW = 7 * 512;

function rawDisk(): { file: RecordedFile; device: FileDevice } {
  const file = new RecordedFile(new Uint8Array(OLD).fill(7));
  return { file, device: new FileDevice(file, { offset: 0, size: OLD }) };
}

Deno.test("a raw disk that was growing when it was cut off has its old size or the new one", async () => {
  for (const reserves of [true, false]) {
    const { file, device } = rawDisk();
    file.reserves = reserves;
    await device.grow(NEW);
    assert.equal(device.size, NEW);
    for (const state of file.crashStates()) {
      assert.ok([OLD, NEW].includes(state.length));
      assert.ok(state.subarray(0, OLD).every((octet) => octet === 7));
      assert.ok(state.subarray(OLD).every((octet) => octet === 0));
    }
  }
});

Deno.test("a growth that fails or is called off leaves the file as it was", async () => {
  const { file, device } = rawDisk();
  file.reserves = false;
  let changes = 0;
  file.beforeChange = () => {
    if (++changes === 3) throw new DeviceError("no-space", "the file system is full");
  };
  await assert.rejects(device.grow(NEW), { kind: "no-space" });
  assert.deepEqual([device.size, file.length], [OLD, OLD]);
  const stop = new AbortController();
  const options = { signal: stop.signal, progress: () => stop.abort() };
  await assert.rejects(device.grow(2 << 20, options), { name: "AbortError" });
  assert.deepEqual([device.size, file.length], [OLD, OLD]);
});

Deno.test("a growth for which there is no space is refused with what is missing", async () => {
  const { file, device } = rawDisk();
  file.freeSpace = 1000;
  const refusal = /needs 2048 octets and 1048 of them are missing.*extend it by less/;
  await assert.rejects(
    device.grow(NEW),
    (error) =>
      error instanceof FileError && error.kind === "no-space" && refusal.test(error.message),
  );
  const sparse = new FileDevice(file, { offset: 0, size: OLD }, { sparse: true });
  await sparse.grow(NEW);
  assert.equal(file.length, NEW);
});

Deno.test("a disk in the middle of a file does not grow over what follows it", async () => {
  const file = new RecordedFile(new Uint8Array(NEW));
  const device = new FileDevice(file, { offset: 512, size: OLD });
  await assert.rejects(device.grow(NEW), /other octets follow it/);
  await assert.rejects(device.grow(OLD), RangeError);
  await assert.rejects(device.grow(OLD - 512), RangeError);
});

Deno.test("a file of this machine grows while it is used, and its space is set aside", async () => {
  const path = await Deno.makeTempFile({ suffix: ".img" });
  try {
    await Deno.truncate(path, 1 << 20);
    const device = await FileDevice.open(path);
    const octets = new Uint8Array(4096).fill(5);
    const told: [number, number][] = [];
    const growing = device.grow(9 << 20, { progress: (...progress) => told.push(progress) });
    device.writeNow(0, octets, 0, 4096);
    await growing;
    assert.deepEqual(told.at(-1), [8 << 20, 8 << 20]);
    assert.equal(device.writeNow((9 << 20) - 4096, octets, 0, 4096), true);
    const found = new Uint8Array(8192);
    await device.read((9 << 20) - 8192, found, 0, 8192);
    assert.ok(found.every((octet, at) => octet === (at < 4096 ? 0 : 5)));
    await device.close();
    const { size, blocks } = await Deno.stat(path);
    assert.equal(size, 9 << 20);
    assert.ok(blocks! * 512 >= 8 << 20, `${blocks} blocks`);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a memory device grows, and what is added reads as zeros", async () => {
  const device = new MemoryDevice(OLD);
  device.writeNow(0, new Uint8Array(OLD).fill(7), 0, OLD);
  await device.grow(200 << 20);
  const octets = new Uint8Array(1024);
  assert.equal(device.readNow(OLD - 512, octets, 0, 1024), true);
  assert.ok(octets.every((octet, at) => octet === (at < 512 ? 7 : 0)));
  assert.equal(device.writeNow((200 << 20) - 512, octets, 0, 512), true);
  await assert.rejects(device.grow(512), RangeError);
});

Deno.test("a metered device grows where the one inside does", async () => {
  const metered = new MeteredDevice(new MemoryDevice(OLD));
  await metered.grow!(NEW);
  assert.equal(metered.size, NEW);
  assert.equal(new MeteredDevice(new ReadOnlyDevice(new MemoryDevice(OLD))).grow, undefined);
});
