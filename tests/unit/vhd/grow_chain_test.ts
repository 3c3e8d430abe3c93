import assert from "node:assert/strict";
import fc from "fast-check";
import { type FoundFooter, readFooters } from "../../../lib/vhd/find_footer.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { copyIntoParent } from "../../../lib/snapshot/merge/copy_into_parent.ts";
import { TestClock } from "../../support/test_clock.ts";
import { DeviceModel, pattern, steps } from "../block/device_model.ts";
import {
  BLOCK,
  DISK,
  type Fixture,
  fixture,
  IDS,
  KINDS,
  newImage,
  PARENT,
  SIZE,
} from "./vhd_fixture.ts";

/** To the end of the last block, within it, to several more, and to more than a sector's entries. */
const SIZES = [11 * BLOCK, SIZE + 512, 15 * BLOCK + 512, 200 * BLOCK];
const TABLE = 4096;

for (const kind of KINDS) {
  for (const isCrowded of [false, true]) {
    const where = isCrowded ? ", with something behind its table" : "";
    Deno.test(`growChain: a ${kind} disk that has grown equals plain octets${where}`, async () => {
      const lists = fc.tuple(steps(SIZE, 512, SIZE), fc.constantFrom(...SIZES));
      const property = fc.asyncProperty(lists, steps(SIZE, 512, SIZE), async (first, list) => {
        const [before, size] = first;
        const { files, open, initially } = await crowdedFixture(kind, isCrowded);
        let device = await open();
        const model = new DeviceModel(device);
        model.octets.set(initially);
        for (const step of before) await model.apply(step);
        await device.grow!(size);
        assert.equal(device.size, size);
        const grown = new DeviceModel(device);
        grown.octets.set(model.octets);
        await grown.checkAll();
        // The same again, at the end that is new.
        for (const step of list) {
          if (step.do !== "flush") {
            await grown.apply({ ...step, offset: step.offset + size - SIZE });
          }
        }
        await grown.checkAll();
        await device.close();
        requireFooters(files.octets(DISK), size);
        device = await open();
        const again = new DeviceModel(device);
        again.octets.set(grown.octets);
        await again.checkAll();
        await device.grow!(size + BLOCK);
        await device.close();
        requireFooters(files.octets(DISK), size + BLOCK);
      });
      await fc.assert(property, { numRuns: 25 });
    });
  }
}

async function crowdedFixture(kind: (typeof KINDS)[number], isCrowded: boolean): Promise<Fixture> {
  const made = await fixture(kind);
  if (!isCrowded) return made;
  const octets = made.files.octets(DISK);
  octets.fill(0x42, TABLE + 128, TABLE + 512);
  made.files.put(DISK, octets);
  return made;
}

/** Both are there, and say the same. */
function requireFooters(octets: Uint8Array, size: number): void {
  const read = (position: number, into: Uint8Array) =>
    into.set(octets.subarray(position, position + into.length));
  const { tail, head } = readFooters({ path: DISK, length: octets.length, read });
  const [one, other] = [tail as FoundFooter, head as FoundFooter];
  assert.deepEqual(one.footer, other.footer);
  assert.equal(Number(one.footer.currentSize), size);
}

Deno.test("growChain shows zeros in place of what is in a block behind the disk's end", async () => {
  const { files, open } = await fixture("dynamic");
  let device = await open();
  await device.write(10 * BLOCK, new Uint8Array(512).fill(1), 0, 512);
  await device.close();
  const octets = files.octets(DISK);
  // As a program leaves it that makes disks smaller.
  const block = octets.findIndex((octet, at) => octet === 1 && octets[at + 511] === 1 && at > 8192);
  octets.fill(9, block + 6 * 512, block + BLOCK);
  files.put(DISK, octets);
  device = await open();
  await device.grow!(11 * BLOCK);
  const into = new Uint8Array(BLOCK);
  await device.read(10 * BLOCK, into, 0, BLOCK);
  assert.ok(into.subarray(512).every((octet) => octet === 0));
  assert.ok(into.subarray(0, 512).every((octet) => octet === 1));
  await device.close();
});

Deno.test("growChain refuses what would show a larger parent, or be too large", async () => {
  const { files, open } = await fixture("differencing");
  files.put(PARENT, newImage({ uuid: IDS.parent, size: 20 * BLOCK }));
  let device = await open();
  await assert.rejects(device.grow!(11 * BLOCK), /parent \/disks\/parent\.vhd is larger/);
  assert.equal(device.size, SIZE);
  await device.close();
  device = await (await fixture("dynamic")).open();
  await assert.rejects(device.grow!(2041 * 2 ** 30), /more than a VHD can have/);
  await assert.rejects(device.grow!(SIZE), RangeError);
  await device.close();
});

Deno.test("growChain that is called off leaves the disk as it was", async () => {
  for (const isCrowded of [false, true]) {
    const { files, open } = await crowdedFixture("dynamic", isCrowded);
    let device = await open();
    await device.write(0, pattern(BLOCK, 3), 0, BLOCK);
    const abort = new AbortController();
    const ready = () => Promise.resolve(abort.abort(new Error("called off")));
    const growing = device.grow!(200 * BLOCK, { signal: abort.signal, ready });
    await assert.rejects(growing, /called off/);
    assert.equal(device.size, SIZE);
    await device.write(9 * BLOCK, pattern(BLOCK, 4), 0, BLOCK);
    await device.close();
    requireFooters(files.octets(DISK), SIZE);
    device = await open();
    const into = new Uint8Array(BLOCK);
    await device.read(9 * BLOCK, into, 0, BLOCK);
    assert.deepEqual(into, pattern(BLOCK, 4));
    await device.grow!(200 * BLOCK);
    assert.equal(device.size, 200 * BLOCK);
    await device.close();
  }
});

Deno.test("copyIntoParent makes a parent as large as a child that has grown", async () => {
  const { files, open } = await fixture("differencing");
  const device = await open();
  await device.grow!(15 * BLOCK);
  await device.write(14 * BLOCK, pattern(BLOCK, 5), 0, BLOCK);
  await device.close();
  await copyIntoParent({ parent: PARENT, child: DISK, files });
  const opened = await openVhd(PARENT, { files, readOnly: true, clock: new TestClock() });
  assert.equal(opened.device.size, 15 * BLOCK);
  const into = new Uint8Array(BLOCK);
  await opened.device.read(14 * BLOCK, into, 0, BLOCK);
  assert.deepEqual(into, pattern(BLOCK, 5));
  await opened.device.close();
});

Deno.test("writes go on beside a growth, to the block that was the last one too", async () => {
  for (const kind of KINDS) {
    const { files, open, initially } = await fixture(kind);
    const device = await open();
    const octets = new Uint8Array(15 * BLOCK);
    octets.set(initially);
    const growing = device.grow!(15 * BLOCK);
    const writes: Promise<void>[] = [];
    for (let at = 0; at < SIZE; at += 1024) {
      const length = Math.min(512, SIZE - at);
      const data = pattern(length, at / 1024);
      octets.set(data, at);
      writes.push(device.write(at, data, 0, length));
      if (at % 8192 === 0) await Promise.resolve();
    }
    await Promise.all([growing, ...writes]);
    const model = new DeviceModel(device);
    model.octets.set(octets);
    await model.checkAll();
    await device.close();
    requireFooters(files.octets(DISK), 15 * BLOCK);
  }
});
