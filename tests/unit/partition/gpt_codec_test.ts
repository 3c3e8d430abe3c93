/** The structures of partition tables, against what sgdisk writes. */
import assert from "node:assert/strict";
import {
  emitGpt,
  GptEntryLayout,
  GptHeaderLayout,
  newGpt,
  parseGptEntries,
  parseGptHeader,
} from "../../../lib/partition/gpt.ts";
import { MbrEntryLayout } from "../../../lib/partition/mbr.ts";
import { readFixture, testCodec } from "../../support/codec.ts";

const ID = "11223344-5566-4788-99aa-bbccddeeff00";
const LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4";

testCodec("GptHeaderLayout", GptHeaderLayout, "partition/gpt_header.hex", {
  signature: "EFI PART",
  revision: 0x1_0000,
  headerSize: 92,
  headerCRC32: 0x07c7_3cc8,
  myLBA: 1,
  alternateLBA: 131_071,
  firstUsableLBA: 34,
  lastUsableLBA: 131_038,
  diskGUID: "44332211665588" + "4799aabbccddeeff00",
  partitionEntryLBA: 2,
  numberOfPartitionEntries: 128,
  sizeOfPartitionEntry: 128,
  partitionEntryArrayCRC32: 0x2fea_f18c,
});

testCodec("GptEntryLayout", GptEntryLayout, "partition/gpt_entry.hex", {
  partitionTypeGUID: "af3dc60f838472478e793d69d8477de4",
  uniquePartitionGUID: "0403020106050847890a0b0c0d0e0f10",
  startingLBA: 2048,
  endingLBA: 22_527,
  attributes: "0400000000000000",
  partitionName: "6400610074006100".padEnd(144, "0"),
});

testCodec("MbrEntryLayout", MbrEntryLayout, "partition/mbr_entry.hex", {
  status: 0x80,
  firstAddress: "feffff",
  type: 0x83,
  lastAddress: "feffff",
  firstBlock: 2048,
  blockCount: 204_800,
});

Deno.test("emitGpt() makes the very octets that sgdisk makes of the same table", async () => {
  const table = {
    ...newGpt({ blockLength: 512, blockCount: 131_072, id: ID }),
    partitions: [{
      ...{ number: 1, firstBlock: 2048, blockCount: 20_480, type: LINUX, name: "data" },
      id: "01020304-0506-4708-890a-0b0c0d0e0f10",
      attributes: Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0),
    }],
  };
  const { primary, backup } = emitGpt(table);
  const header = await readFixture("partition/gpt_header.hex");
  const entry = await readFixture("partition/gpt_entry.hex");
  assert.equal(primary.header.subarray(0, 92).toHex(), header.toHex());
  assert.equal(primary.entries.subarray(0, 128).toHex(), entry.toHex());
  assert.deepEqual([primary.headerLBA, primary.entriesLBA], [1, 2]);
  assert.deepEqual([backup.headerLBA, backup.entriesLBA], [131_071, 131_039]);
  const parsed = parseGptHeader(backup.header, 131_071)!;
  assert.equal(parsed.alternateLBA, 1);
  assert.deepEqual(parseGptEntries(backup.entries, parsed), table.partitions);
});

Deno.test("parseGptHeader() finds every single wrong octet, and a header in another's place", async () => {
  const header = await readFixture("partition/gpt_header.hex");
  const block = new Uint8Array(512);
  block.set(header);
  assert.ok(parseGptHeader(block, 1) !== undefined);
  assert.equal(parseGptHeader(block, 2), undefined);
  for (let at = 0; at < header.length; at++) {
    const damaged = block.slice();
    damaged[at]! ^= 0x10;
    assert.equal(parseGptHeader(damaged, 1), undefined, `octet ${at}`);
  }
});
