import assert from "node:assert/strict";
import { run, unitOf } from "../../../support/scsi.ts";

const ALL_6 = "1a 00 3f 00 ff 00";
const ALL_10 = "5a 00 3f 00 00 00 00 00 ff 00";
/** The five pages with their lengths, in ascending order. */
const PAGES: readonly (readonly [number, number])[] = [
  [0x01, 12],
  [0x02, 16],
  [0x08, 20],
  [0x0a, 12],
  [0x1c, 12],
];

/** Page codes with lengths, read page by page. */
function pagesOf(octets: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < octets.length; at += 2 + octets[at + 1]!) {
    found.push([octets[at]!, 2 + octets[at + 1]!]);
  }
  return found;
}

Deno.test("A110: MODE SENSE(6): header, short block descriptor, all pages in ascending order", async () => {
  const { status, data } = await run(unitOf({ size: 1 << 20 }), ALL_6);
  assert.equal(status, 0);
  assert.deepEqual([...data.subarray(0, 4)], [data.length - 1, 0, 0x10, 8]);
  assert.deepEqual([...data.subarray(4, 12)], [0, 0, 0x08, 0, 0, 0, 0x02, 0]);
  assert.deepEqual(pagesOf(data.subarray(12)), PAGES.map((each) => [...each]));
});

Deno.test("A110: MODE SENSE(10): header and short block descriptor", async () => {
  const { data } = await run(unitOf(), ALL_10);
  const view = new DataView(data.buffer);
  assert.equal(view.getUint16(0), data.length - 2);
  assert.deepEqual([...data.subarray(2, 8)], [0, 0x10, 0, 0, 0, 8]);
  assert.deepEqual(pagesOf(data.subarray(16)), PAGES.map((each) => [...each]));
});

Deno.test("A110: MODE SENSE(10): the long LBA block descriptor tells any capacity", async () => {
  const unit = unitOf({ size: 2 ** 45, blockLength: 4096 });
  const { data } = await run(unit, "5a 10 0a 00 00 00 00 00 ff 00");
  const view = new DataView(data.buffer);
  assert.deepEqual([data[4], view.getUint16(6)], [1, 16]);
  assert.equal(view.getBigUint64(8), 2n ** 33n);
  assert.equal(view.getUint32(20), 4096);
});

Deno.test("A110: MODE SENSE: a capacity beyond 32 bits is all ones in a short block descriptor", async () => {
  const { data } = await run(unitOf({ size: 2 ** 45 }), ALL_6);
  assert.equal(new DataView(data.buffer).getUint32(4), 0xffff_ffff);
});

Deno.test("A110: MODE SENSE: DBD leaves the block descriptor out", async () => {
  const { data } = await run(unitOf(), "1a 08 0a 00 ff 00");
  assert.deepEqual([data[0], data[3], data[4], data.length], [15, 0, 0x0a, 16]);
});

Deno.test("A110: MODE SENSE: each page is the same alone and among all of them", async () => {
  const unit = unitOf();
  const all = (await run(unit, ALL_6)).data.subarray(12);
  let at = 0;
  for (const [code, length] of PAGES) {
    const { data } = await run(unit, [0x1a, 8, code, 0, 0xff, 0]);
    assert.deepEqual(data.subarray(4), all.subarray(at, at + length));
    at += length;
  }
  assert.equal(at, all.length);
});

Deno.test("A110: MODE SENSE: subpage FFh is all subpages, any other is in error", async () => {
  const unit = unitOf();
  const plain = await run(unit, "1a 00 3f 00 ff 00");
  assert.deepEqual((await run(unit, "1a 00 3f ff ff 00")).data, plain.data);
  assert.equal((await run(unit, "1a 00 0a ff ff 00")).status, 0);
  assert.equal((await run(unit, "1a 00 0a 01 ff 00")).sense?.code, 0x2400);
});

Deno.test("A110: MODE SENSE: a page that there is not points at its code", async () => {
  const codes = PAGES.map(([code]) => code);
  for (let code = 0; code < 0x3f; code++) {
    const { status, sense } = await run(unitOf(), [0x1a, 0, code, 0, 0xff, 0]);
    assert.equal(status === 0, codes.includes(code));
    if (status !== 0) assert.deepEqual(sense?.field, { in: "cdb", octet: 2, bit: 5 });
  }
});

Deno.test("A110: MODE SENSE: what may be changed is D_SENSE, SWP and WCE", async () => {
  const { data } = await run(unitOf(), "1a 08 7f 00 ff 00");
  const pages = data.subarray(4);
  const ones: string[] = [];
  for (let at = 0; at < pages.length; at += 2 + pages[at + 1]!) {
    for (let octet = 2; octet < 2 + pages[at + 1]!; octet++) {
      if (pages[at + octet] !== 0) {
        ones.push(`${pages[at]!.toString(16)}:${octet}=${pages[at + octet]!.toString(16)}`);
      }
    }
  }
  assert.deepEqual(ones, ["8:2=4", "a:2=4", "a:4=8"]);
});

Deno.test("A110: MODE SENSE: the defaults stay what they are when settings change", async () => {
  const unit = unitOf();
  const page = unit.mode.emit(0, 0x08, 0)!.slice();
  page[2] = 0;
  unit.mode.apply(new Map([[0x08, page]]));
  assert.equal((await run(unit, "1a 08 08 00 ff 00")).data[6], 0x00);
  assert.equal((await run(unit, "1a 08 88 00 ff 00")).data[6], 0x04);
});

Deno.test("A110: MODE SENSE: saved values are not supported", async () => {
  for (const cdb of ["1a 00 ff 00 ff 00", "5a 00 ca 00 00 00 00 00 ff 00"]) {
    assert.deepEqual((await run(unitOf(), cdb)).sense, { key: 5, code: 0x3900 });
  }
});

Deno.test("A110: MODE SENSE: the control page has a BUSY TIMEOUT, one task set, and no TAS", async () => {
  const { data } = await run(unitOf(), "1a 08 0a 00 ff 00");
  const page = data.subarray(4);
  assert.deepEqual([...page.subarray(8, 10)], [0xff, 0xff]);
  assert.equal(page[2]! >>> 5, 0);
  assert.equal(page[3]! >>> 4, 1, "SIMPLE tasks may be reordered");
  assert.equal(page[5]! & 0x40, 0);
});

Deno.test("A127: MODE SENSE: WP is set where nobody, or this LUN, may write", async () => {
  const writeProtect = async (unit: ReturnType<typeof unitOf>, writeProtected = false) =>
    ((await run(unit, ALL_10, { writeProtected })).data[3]! & 0x80) !== 0;
  assert.equal(await writeProtect(unitOf()), false);
  assert.equal(await writeProtect(unitOf(), true), true);
  assert.equal(await writeProtect(unitOf({ write: false })), true);
  const fenced = unitOf();
  fenced.fence("a flush failed");
  assert.equal(await writeProtect(fenced), true);
});
