import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { checksum } from "../../../lib/vhd/checksum.ts";
import { createFixedVhd } from "../../../lib/vhd/create.ts";
import { fixedFooter } from "../../../lib/vhd/fixed.ts";
import { DiskType, emitFooter, type Footer, FooterLayout } from "../../../lib/vhd/footer.ts";
import { FormatError } from "../../../lib/vhd/format_error.ts";
import { openVhd } from "../../../lib/vhd/open.ts";
import { DeviceModel, pattern, steps } from "../block/device_model.ts";
import { withScratch } from "../../support/executable.ts";

const SIZE = 64 << 10;

/** A fixed VHD's octets, its data a pattern, its footer as altered. */
function image(change: Partial<Footer> = {}): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(SIZE + 512);
  octets.set(pattern(SIZE, 1));
  octets.set(emitFooter({ ...fixedFooter(SIZE), ...change }), SIZE);
  return octets;
}

async function refuses(octets: Uint8Array, at: number, message: RegExp): Promise<void> {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    await Deno.writeFile(path, octets);
    for (const readOnly of [true, false]) {
      await assert.rejects(openVhd(path, { readOnly }), (error) => {
        assert.ok(error instanceof FormatError, String(error));
        assert.equal(error.path, path);
        assert.equal(error.at, at);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.deepEqual(await Deno.readFile(path), octets, "a refused file is not touched");
  });
}

for (const sparse of [true, false]) {
  const form = sparse ? "sparse" : "full";
  Deno.test(`openVhd: a fixed VHD, ${form}, equals plain octets, keeps its footer`, async () => {
    await withScratch(async (directory) => {
      const path = join(directory, "disk.vhd");
      await createFixedVhd(path, { size: SIZE, sparse });
      const footer = (await Deno.readFile(path)).subarray(SIZE);
      const property = fc.asyncProperty(steps(SIZE, 512, SIZE), async (list) => {
        const { device } = await openVhd(path, { sparse });
        await device.unmap(0, SIZE);
        const model = new DeviceModel(device);
        for (const step of list) await model.apply(step);
        await device.close();
        const octets = await Deno.readFile(path);
        assert.deepEqual(octets.subarray(0, SIZE), model.octets);
        assert.deepEqual(octets.subarray(SIZE), footer);
      });
      await fc.assert(property, { numRuns: 10 });
    });
  });
}

Deno.test("openVhd: reads the disk of an old footer, one octet short of a sector", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "old.vhd");
    await Deno.writeFile(path, image().subarray(0, SIZE + 511));
    const { device } = await openVhd(path, { readOnly: true });
    assert.equal(device.size, SIZE);
    const into = new Uint8Array(SIZE);
    await device.read(0, into, 0, SIZE);
    assert.deepEqual(into, pattern(SIZE, 1));
    await device.close();
  });
});

Deno.test("openVhd: a disk may be smaller than its file, but never larger", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    await Deno.writeFile(path, image({ currentSize: BigInt(SIZE - 4096) }));
    const { device } = await openVhd(path);
    assert.equal(device.size, SIZE - 4096);
    await device.close();
  });
  await refuses(image({ currentSize: BigInt(SIZE + 512) }), SIZE, /holds 65536 of them/);
});

Deno.test("B-32: a size beyond 32, 53 or 63 bits is refused, never rounded", async () => {
  const sizes: [bigint, RegExp][] = [
    [0n, /without octets/],
    [2n ** 64n - 1n, /multiple of 512/],
    [2n ** 64n - 512n, /2,040 GiB/],
    [2n ** 63n, /2,040 GiB/],
    [2n ** 53n + 512n, /2,040 GiB/],
    [2040n * 2n ** 30n + 512n, /2,040 GiB/],
    [2n ** 32n + BigInt(SIZE), /missing/],
    [BigInt(SIZE) + 1n, /multiple of 512/],
  ];
  for (const [currentSize, message] of sizes) {
    await refuses(image({ currentSize }), SIZE, message);
  }
});

Deno.test("openVhd: what a fixed disk's guest writes at its start changes nothing", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    const octets = image();
    octets.set(emitFooter({ ...fixedFooter(1 << 20), diskType: DiskType.DIFFERENCING }));
    await Deno.writeFile(path, octets);
    const { device, footer } = await openVhd(path);
    assert.equal(footer.diskType, DiskType.FIXED);
    await device.close();
  });
});

Deno.test("B-31: no file, an empty one, and one without a footer are refused", async () => {
  await assert.rejects(openVhd("/nonexistent/disk.vhd"), { name: "FileError", kind: "not-found" });
  await refuses(pattern(5, 1), 0, /no footer/);
  await refuses(pattern(512, 1), 0, /no footer/);
  await refuses(pattern(SIZE, 1), SIZE - 512, /no footer/);
  await refuses(emitFooter(fixedFooter(512)), 0, /missing/);
  await refuses(image().fill(0, SIZE), SIZE, /no footer/);
});

Deno.test("B-31: mutated footers are opened within their file, or refused", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    const mutation = fc.record({
      changes: fc.array(fc.tuple(fc.nat(84), fc.nat(255)), { maxLength: 6 }),
      mend: fc.boolean(),
      cut: fc.oneof(fc.constant(0), fc.nat(600)),
    });
    const property = fc.asyncProperty(mutation, async ({ changes, mend, cut }) => {
      const octets = image();
      const footer = octets.subarray(SIZE);
      for (const [at, octet] of changes) footer[at] = octet;
      if (mend) new FooterLayout(footer).checksum = checksum(footer, 64);
      await Deno.writeFile(path, octets.subarray(0, octets.length - cut));
      try {
        const { device } = await openVhd(path);
        assert.ok(device.size > 0 && device.size <= SIZE && device.size % 512 === 0);
        const into = new Uint8Array(512);
        await device.read(device.size - 512, into, 0, 512);
        await device.close();
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
    });
    await fc.assert(property, { numRuns: 150 });
  });
});

Deno.test("B-39: a VHD that is open is refused to a second opener", async () => {
  await withScratch(async (directory) => {
    const path = join(directory, "disk.vhd");
    await createFixedVhd(path, { size: SIZE });
    const { device } = await openVhd(path);
    await assert.rejects(openVhd(path), { name: "FileError", kind: "in-use" });
    await device.close();
    await (await openVhd(path)).device.close();
  });
});
