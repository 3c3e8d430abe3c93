import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { FileError } from "../../../lib/block/file_error.ts";
import { fixedFooter } from "../../../lib/vhd/fixed.ts";
import { findFooter } from "../../../lib/vhd/find_footer.ts";
import { DiskType, emitFooter, type Footer } from "../../../lib/vhd/footer.ts";
import { geometryOf } from "../../../lib/vhd/geometry.ts";
import { openFixed } from "../../../lib/vhd/open.ts";
import { TestClock } from "../../support/test_clock.ts";
import { note } from "../../support/note.ts";
import { RecordedFile } from "../../support/recorded_file.ts";

const SECTOR = 512;

/** What each sector of the disk holds at first: nothing that could be taken for another. */
function data(sectors: number): Uint8Array {
  return Uint8Array.from({ length: sectors * SECTOR }, (_, at) => 1 + Math.floor(at / SECTOR) % 9);
}

function footerOf(sectors: number, more: Partial<Footer> = {}): Footer {
  return {
    ...fixedFooter(sectors * SECTOR, { uuid: new Uint8Array(16).fill(7), clock: new TestClock() }),
    ...more,
  };
}

function fixedVhd(sectors: number, footerLength = SECTOR): Uint8Array {
  const footer = emitFooter(footerOf(sectors)).subarray(0, footerLength);
  const octets = new Uint8Array(sectors * SECTOR + footerLength);
  octets.set(data(sectors));
  octets.set(footer, sectors * SECTOR);
  return octets;
}

/** Opens what a crash has left, and says which size it has; its data must be as it was. */
async function reopen(state: Uint8Array, old: number, isOld: (octets: Uint8Array) => boolean) {
  const file = new RecordedFile(state);
  const { device } = await openFixed(file);
  const octets = new Uint8Array(device.size);
  await device.read(0, octets, 0, device.size);
  assert.ok(isOld(octets.subarray(0, old * SECTOR)), "what was flushed is there");
  assert.ok(octets.subarray(old * SECTOR).every((octet) => octet === 0), "the rest is zeros");
  // From now on readers find it that look for it at the end alone.
  const { at } = findFooter(asFile(file.octets))!;
  assert.ok([512, 511].includes(file.length - at), "nothing is behind the footer");
  return { file, device, sectors: device.size / SECTOR };
}

function asFile(octets: Uint8Array) {
  const read = (position: number, into: Uint8Array) =>
    into.set(octets.subarray(position, position + into.length));
  return { path: "x.vhd", length: octets.length, read };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}

/** From, to, in sectors: strides of one power of two, of several, and the least there is. */
const GROWTHS: readonly [from: number, to: number][] = [[4, 5], [4, 6], [3, 10], [5, 28], [1, 64]];

Deno.test("E3: a fixed VHD that was growing when it was cut off has its old size or the new one", async () => {
  let count = 0;
  for (const [from, to] of GROWTHS) {
    for (const reserves of [true, false]) {
      const file = new RecordedFile(fixedVhd(from));
      file.reserves = reserves;
      const { device } = await openFixed(file);
      await device.grow(to * SECTOR);
      assert.ok(same(file.octets.subarray(0, from * SECTOR), data(from)));
      const sizes = new Set<number>();
      for (const state of file.crashStates()) {
        const { sectors } = await reopen(state, from, (octets) => same(octets, data(from)));
        assert.ok(sectors === from || sectors === to, `${sectors} sectors`);
        sizes.add(sectors);
        count++;
      }
      assert.deepEqual([...sizes].sort((a, b) => a - b), [from, to]);
    }
  }
  note(`${count} states that a crash can leave of a growing fixed VHD: all open whole`);
});

Deno.test("E3: what a crash has left of a growth grows again, and every state of that is whole", async () => {
  const first = new RecordedFile(fixedVhd(3));
  await (await openFixed(first)).device.grow(10 * SECTOR);
  for (const state of first.crashStates()) {
    const { file, device, sectors } = await reopen(state, 3, (octets) => same(octets, data(3)));
    await device.grow(12 * SECTOR);
    assert.equal(device.size, 12 * SECTOR);
    assert.equal(file.length, 13 * SECTOR);
    for (const again of file.crashStates()) {
      const after = await reopen(again, 3, (octets) => same(octets, data(3)));
      assert.ok([sectors, 12].includes(after.sectors), `${after.sectors} sectors`);
    }
  }
});

Deno.test("E3: what an initiator writes while its disk grows is there as after any crash", async () => {
  const file = new RecordedFile(fixedVhd(4));
  const { device } = await openFixed(file);
  const [flushed, late] = [new Uint8Array(SECTOR).fill(0xaa), new Uint8Array(SECTOR).fill(0xbb)];
  device.writeNow(0, flushed, 0, SECTOR);
  await device.flush();
  const growing = device.grow(9 * SECTOR);
  device.writeNow(3 * SECTOR, late, 0, SECTOR);
  await growing;
  const expected = data(4);
  expected.set(flushed);
  const written = expected.slice();
  written.set(late, 3 * SECTOR);
  const before = new RecordedFile(fixedVhd(4));
  for (const state of file.crashStates()) {
    if (same(state, before.octets)) continue; // before the flush
    if (state[0] !== 0xaa) continue;
    await reopen(state, 4, (octets) => same(octets, expected) || same(octets, written));
  }
});

Deno.test("growFixed takes a footer of 511 octets, and one with other octets before it", async () => {
  const slack = new Uint8Array(9 * SECTOR).fill(0xee);
  slack.set(data(4));
  slack.set(emitFooter(footerOf(4)), 8 * SECTOR);
  for (const octets of [fixedVhd(4, 511), slack]) {
    const file = new RecordedFile(octets);
    const { device } = await openFixed(file);
    await device.grow(7 * SECTOR);
    assert.equal(file.length, 8 * SECTOR);
    for (const state of file.crashStates()) {
      await reopen(state, 4, (found) => same(found, data(4)));
    }
  }
});

Deno.test("growFixed keeps who the disk is, and says its size to every reader", async () => {
  const octets = fixedVhd(4);
  const origin = footerOf(4, { creatorApplication: "vpc ", features: 3 });
  octets.set(emitFooter(origin), 4 * SECTOR);
  const file = new RecordedFile(octets);
  await (await openFixed(file)).device.grow(80 * SECTOR);
  const { footer, at } = findFooter(asFile(file.octets))!;
  assert.equal(at, 80 * SECTOR);
  assert.deepEqual(footer, {
    ...origin,
    creatorApplication: "win ",
    creatorVersion: 0x000a_0000,
    creatorHostOS: "Wi2k",
    originalSize: BigInt(80 * SECTOR),
    currentSize: BigInt(80 * SECTOR),
    geometry: geometryOf(80),
  });
});

Deno.test("growFixed that fails anywhere leaves the disk as it was", async () => {
  const whole = new RecordedFile(fixedVhd(3));
  let changes = 0;
  whole.beforeChange = () => void changes++;
  await (await openFixed(whole)).device.grow(10 * SECTOR);
  for (let failing = 1; failing < changes; failing++) {
    const file = new RecordedFile(fixedVhd(3));
    const { device } = await openFixed(file);
    let count = 0;
    file.beforeChange = () => {
      if (++count === failing) throw new DeviceError("no-space", "the file system is full");
    };
    await assert.rejects(device.grow(10 * SECTOR), { kind: /no-space|fenced/ });
    assert.equal(device.size, 3 * SECTOR);
    for (const state of file.crashStates()) {
      await reopen(state, 3, (octets) => same(octets, data(3)));
    }
  }
});

Deno.test("growFixed that is called off gives back what it took", async () => {
  for (const reserves of [true, false]) {
    const file = new RecordedFile(fixedVhd(3));
    file.reserves = reserves;
    const { device } = await openFixed(file);
    const stop = new AbortController();
    const growth = device.grow(10 * SECTOR, {
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    await assert.rejects(growth, { name: "AbortError" });
    assert.deepEqual([device.size, file.length], [3 * SECTOR, 4 * SECTOR]);
    assert.ok(same(file.octets, fixedVhd(3)));
  }
});

Deno.test("growFixed refuses more than a VHD can have", async () => {
  const { device } = await openFixed(new RecordedFile(fixedVhd(3)));
  const growth = device.grow(2041 * 2 ** 30);
  await assert.rejects(
    growth,
    (error) => error instanceof FileError && /2,040/.test(error.message),
  );
  await assert.rejects(device.grow(3 * SECTOR), RangeError);
});

Deno.test("strandedFooter is found behind zeros alone, and no guest's data is taken for one", () => {
  const stranded = new Uint8Array(13 * SECTOR);
  stranded.set(fixedVhd(4));
  assert.equal(findFooter(asFile(stranded))?.at, 4 * SECTOR);
  const damaged = stranded.slice();
  damaged[damaged.length - 1] = 1;
  assert.equal(findFooter(asFile(damaged)), undefined);
  // A dynamic disk that lost its last footer has its own copy at the beginning.
  const dynamic = stranded.slice();
  dynamic.set(emitFooter(footerOf(4, { diskType: DiskType.DYNAMIC, dataOffset: 512n })));
  assert.equal(findFooter(asFile(dynamic))?.footer.diskType, DiskType.DYNAMIC);
  // Between what a growth has added there is nothing; a stride that is no power of two is none.
  const elsewhere = new Uint8Array(12 * SECTOR);
  elsewhere.set(fixedVhd(4));
  assert.equal(findFooter(asFile(elsewhere)), undefined);
});
