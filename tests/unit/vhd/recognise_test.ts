import assert from "node:assert/strict";
import { join } from "node:path";
import { fixedFooter } from "../../../lib/vhd/fixed.ts";
import { emitFooter, type Footer } from "../../../lib/vhd/footer.ts";
import { FOREIGN_FORMATS } from "../../../lib/vhd/foreign_format.ts";
import { FormatError } from "../../../lib/vhd/format_error.ts";
import { type RecognisedImage, recogniseImage } from "../../../lib/vhd/recognise.ts";
import { pattern } from "../block/device_model.ts";
import { withScratch } from "../../support/executable.ts";

const SIZE = 8192;

async function recognised(
  octets: Uint8Array,
  name = "disk.img",
): Promise<{ image: RecognisedImage; path: string }> {
  let answer!: { image: RecognisedImage; path: string };
  await withScratch(async (directory) => {
    const path = join(directory, name);
    await Deno.writeFile(path, octets);
    answer = { image: await recogniseImage(path), path };
  });
  return answer;
}

function vhd(change: Partial<Footer> = {}): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(SIZE + 512);
  octets.set(emitFooter({ ...fixedFooter(SIZE), ...change }), SIZE);
  return octets;
}

Deno.test("recogniseImage: knows a fixed VHD, whatever its data begins with", async () => {
  const plain = (await recognised(vhd())).image;
  assert.equal(plain.format, "fixed");
  assert.equal(plain.size, SIZE);
  assert.equal(plain.refusal, undefined);
  const octets = vhd();
  octets.set(new TextEncoder().encode("vhdxfile"));
  assert.equal((await recognised(octets)).image.format, "fixed");
});

Deno.test("recogniseImage: a raw image is served, an empty file is not", async () => {
  const { image } = await recognised(pattern(1000, 1));
  assert.deepEqual(image, { format: "raw", name: "raw image", size: 1000 });
  assert.match((await recognised(new Uint8Array(0))).image.refusal!, /empty/);
});

Deno.test("recogniseImage: names dynamic and differencing VHDs by their size", async () => {
  for (const [name, diskType] of [["dynamic", 3], ["differencing", 4]] as const) {
    const { image } = await recognised(vhd({ diskType }));
    assert.equal(image.name, `${name} VHD`);
    assert.equal(image.format, name);
    assert.equal(image.size, SIZE);
    assert.equal(image.refusal, undefined);
  }
});

for (const { name, magic, at, qemu } of FOREIGN_FORMATS) {
  Deno.test(`recogniseImage: refuses ${name} by its magic ${JSON.stringify(magic)}`, async () => {
    const octets = new Uint8Array(4096);
    octets.set(Uint8Array.from(magic, (character) => character.charCodeAt(0)), at);
    const { image, path } = await recognised(octets);
    assert.equal(image.format, "foreign");
    assert.equal(image.name, name);
    const command = `qemu-img convert -f ${qemu} -O vpc -o subformat=fixed,force_size=on ${path} `;
    assert.ok(image.refusal!.includes(command), image.refusal);
    octets[at]! ^= 1;
    assert.equal((await recognised(octets)).image.format, "raw");
    assert.equal((await recognised(octets.subarray(0, at + 2))).image.format, "raw");
  });
}

Deno.test("B-32: recogniseImage refuses a VHD whose size cannot be", async () => {
  await assert.rejects(recognised(vhd({ currentSize: 2n ** 62n })), FormatError);
  await assert.rejects(recognised(vhd({ currentSize: BigInt(SIZE + 512) })), FormatError);
  const octets = vhd();
  octets[SIZE + 70]! ^= 1;
  await assert.rejects(recognised(octets), FormatError);
});

Deno.test("recogniseImage: says what is no file", async () => {
  await assert.rejects(recogniseImage("/nonexistent"), { name: "FileError", kind: "not-found" });
  await assert.rejects(recogniseImage("/tmp"), { name: "FileError", kind: "unsuitable" });
});
