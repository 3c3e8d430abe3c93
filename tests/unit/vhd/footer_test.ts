import assert from "node:assert/strict";
import fc from "fast-check";
import { checksum } from "../../../lib/vhd/checksum.ts";
import { fixedFooter } from "../../../lib/vhd/fixed.ts";
import {
  DiskType,
  emitFooter,
  type Footer,
  FooterLayout,
  NO_DATA_OFFSET,
  OLD_FOOTER_LENGTH,
  parseFooter,
} from "../../../lib/vhd/footer.ts";
import { FormatError } from "../../../lib/vhd/format_error.ts";

const WHERE = { path: "disk.vhd", at: 1024 };
const UUID = Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index);

const CLOCK = {
  nowMs: () => 0,
  now: () => new Date("2026-05-04T03:02:01Z"),
  after: () => () => {},
};

function sample(): Footer {
  return fixedFooter(64 << 20, { uuid: UUID, clock: CLOCK });
}

/** The footer with some of its octets changed, its checksum made right again. */
function altered(change: (view: InstanceType<typeof FooterLayout>) => void): Uint8Array {
  const octets = emitFooter(sample());
  const view = new FooterLayout(octets);
  change(view);
  view.checksum = checksum(octets, 64);
  return octets;
}

function refuses(octets: Uint8Array, at: number, message: RegExp): void {
  assert.throws(() => parseFooter(octets, WHERE), (error) => {
    assert.ok(error instanceof FormatError);
    assert.equal(error.path, "disk.vhd");
    assert.equal(error.at, 1024 + at);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("emitFooter: puts every field where the format has it", () => {
  const expected = [
    "636f6e6563746978", // cookie: conectix
    "00000002", // features: the reserved bit
    "00010000", // file format version 1.0
    "ffffffffffffffff", // data offset: none
    "318ac8a9", // time stamp: seconds since 2000
    "77696e20", // creator application: "win "
    "000a0000", // creator version
    "5769326b", // creator host OS: Wi2k
    "0000000004000000", // original size
    "0000000004000000", // current size
    "03c30811", // 963 cylinders, 8 heads, 17 sectors
    "00000002", // disk type: fixed
    "ffffed45", // checksum
    "101112131415161718191a1b1c1d1e1f", // unique id
    "00", // saved state
  ].join("");
  const octets = emitFooter(sample());
  assert.equal(octets.length, 512);
  assert.equal(octets.subarray(0, 85).toHex(), expected);
  assert.ok(octets.subarray(85).every((octet) => octet === 0));
});

Deno.test("checksum: is the one's complement of the sum of all other octets", () => {
  const octets = emitFooter(sample());
  const others = [...octets.subarray(0, 64), ...octets.subarray(68)];
  const sum = others.reduce((total, octet) => total + octet, 0);
  assert.equal(new DataView(octets.buffer).getUint32(64), 0xffff_ffff - sum);
  assert.equal(checksum(new Uint8Array(512), 64), 0xffff_ffff);
});

Deno.test("parseFooter: gives back what emitFooter was given", () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const word = fc.string({ minLength: 4, maxLength: 4, unit: fc.constantFrom(..."win vpcx2k") });
  const u64 = fc.bigInt({ min: 0n, max: NO_DATA_OFFSET });
  const footer: fc.Arbitrary<Footer> = fc.record({
    features: u32,
    dataOffset: u64,
    created: u32.map((seconds) => new Date((946_684_800 + seconds) * 1000)),
    creatorApplication: word,
    creatorVersion: u32,
    creatorHostOS: word,
    originalSize: u64,
    currentSize: u64,
    geometry: fc.record({
      cylinders: fc.integer({ min: 0, max: 65535 }),
      heads: fc.integer({ min: 0, max: 255 }),
      sectorsPerTrack: fc.integer({ min: 0, max: 255 }),
    }, { noNullPrototype: true }),
    diskType: fc.constantFrom(...Object.values(DiskType)),
    uniqueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    savedState: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(footer, (given) => {
    assert.deepEqual(parseFooter(emitFooter(given), WHERE), given);
  }));
});

Deno.test("parseFooter: reads a footer of 511 octets, as Virtual PC before 2004 wrote it", () => {
  const octets = emitFooter(sample()).subarray(0, OLD_FOOTER_LENGTH);
  assert.deepEqual(parseFooter(octets, WHERE), sample());
});

Deno.test("B-31: a wrong field is refused by its place, though the checksum is right", () => {
  refuses(altered((view) => view.cookie = "conectiX"), 0, /begin with "conectix"/);
  refuses(altered((view) => view.fileFormatVersion = 0x0002_0000), 12, /version 0x00020000/);
  refuses(altered((view) => view.fileFormatVersion = 0x0001_0001), 12, /version 0x00010001/);
  for (const diskType of [0, 1, 5, 6, 0xffff_ffff]) {
    refuses(altered((view) => view.diskType = diskType), 60, new RegExp(`type ${diskType}$`));
  }
});

Deno.test("B-31: a footer with any one bit changed is refused", () => {
  const octets = emitFooter(sample());
  for (let bit = 0; bit < 512 * 8; bit++) {
    octets[bit >>> 3]! ^= 1 << (bit & 7);
    assert.throws(() => parseFooter(octets, WHERE), FormatError);
    octets[bit >>> 3]! ^= 1 << (bit & 7);
  }
  parseFooter(octets, WHERE);
});

Deno.test("B-31: whatever the octets, a footer is read or refused with a FormatError", () => {
  const mutation = fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(mutation, fc.boolean(), fc.nat(600), (changes, mend, length) => {
      const octets = emitFooter(sample());
      for (const [at, octet] of changes) octets[at] = octet;
      if (mend) new FooterLayout(octets).checksum = checksum(octets, 64);
      const cut = length > 512 ? octets : octets.subarray(0, length);
      try {
        assert.equal(parseFooter(cut, WHERE).uniqueId.length, 16);
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
