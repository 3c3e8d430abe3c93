/** One device in the place of another: nothing takes it for a disk before it is one. */
import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { replaceContents, ReplaceInterrupted } from "../../../lib/file_system/replace_contents.ts";
import { signatureOn, UNFINISHED } from "../../../lib/file_system/signatures.ts";
import { firstDifference } from "../../../lib/block/copy.ts";

const MIB = 1 << 20;
const SIZE = 16 * MIB;

/** Thick, unless it is told otherwise; the nth write fails. */
class Disk extends MemoryDevice {
  left = Infinity;
  unmapped = 0;

  constructor(isThin: boolean) {
    super(SIZE);
    Object.defineProperty(this, "can", { value: { write: true, unmap: isThin } });
  }

  override write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    if (this.left-- <= 0) return Promise.reject(new Error("cut"));
    return super.write(offset, from, at, length);
  }

  override unmap(offset: number, length: number): Promise<void> {
    this.unmapped += length;
    return super.unmap(offset, length);
  }
}

async function fileSystem(): Promise<MemoryDevice> {
  const device = new MemoryDevice(SIZE);
  for (const at of [0, 5 * MIB, SIZE - 4096]) {
    await device.write(at, new Uint8Array(4096).fill(0x11), 0, 4096);
  }
  // Zeros that were written: they must be zeros on the disk too.
  await device.write(9 * MIB, new Uint8Array(65_536), 0, 65_536);
  await device.write(0, new TextEncoder().encode("XFSB"), 0, 4);
  return device;
}

async function full(isThin: boolean): Promise<Disk> {
  const device = new Disk(isThin);
  await device.write(0, new Uint8Array(SIZE).fill(0xee), 0, SIZE);
  return device;
}

Deno.test("a copy is its source, zeros and all, on thin disks and on others", async () => {
  for (const isThin of [false, true]) {
    const [source, disk] = [await fileSystem(), await full(isThin)];
    await replaceContents(source, disk);
    assert.equal(await firstDifference(source, disk), undefined);
  }
});

Deno.test("with keepsHoles a thick disk keeps what was not touched, and a thin one gives it back", async () => {
  const octets = new Uint8Array(4096);
  const [source, thick] = [await fileSystem(), await full(false)];
  await replaceContents(source, thick, { keepsHoles: true });
  await thick.read(7 * MIB, octets, 0, 4096);
  assert.ok(octets.every((octet) => octet === 0xee), "it cost nothing");
  const thin = await full(true);
  await replaceContents(source, thin, { keepsHoles: true });
  assert.equal(await firstDifference(source, thin), undefined);
  for (const disk of [thick, thin]) {
    await disk.read(9 * MIB, octets, 0, 4096);
    assert.ok(octets.every((octet) => octet === 0), "what was written as zeros is zeros");
    await disk.read(5 * MIB, octets, 0, 4096);
    assert.ok(octets.every((octet) => octet === 0x11));
  }
});

Deno.test("whatever interrupts it, the disk is known to be unfinished, and doing it again works", async () => {
  const source = await fileSystem();
  for (let cut = 0;; cut++) {
    const disk = await full(false);
    disk.left = cut;
    const outcome = await replaceContents(source, disk).then(() => undefined, (error) => error);
    if (outcome === undefined) break;
    // The first write changes nothing.
    assert.equal(outcome instanceof ReplaceInterrupted, cut > 0);
    const what = await signatureOn(disk);
    assert.equal(what, cut < 3 ? undefined : UNFINISHED, `after ${cut} writes`);
    disk.left = Infinity;
    await replaceContents(source, disk);
    assert.equal(await firstDifference(source, disk), undefined);
    assert.ok(cut < 20);
  }
});
