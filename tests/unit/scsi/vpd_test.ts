import assert from "node:assert/strict";
import { BlockLimits } from "../../../lib/scsi/block_limits.ts";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import type { Nexus } from "../../../lib/scsi/nexus.ts";
import { locallyAssignedName } from "../../../lib/scsi/vpd/device_identification.ts";
import { NEXUS, nexusOf, OTHER_NEXUS, run, unitOf, UUID } from "../../support/scsi.ts";

async function page(unit: LogicalUnit, code: number, nexus = NEXUS): Promise<Uint8Array> {
  const { status, data } = await run(unit, [0x12, 1, code, 0xff, 0xff, 0], { nexus });
  assert.equal(status, 0);
  return data;
}

interface Designator {
  readonly association: number;
  readonly type: number;
  readonly codeSet: number;
  readonly piv: boolean;
  readonly protocol: number;
  readonly value: Uint8Array;
}

/** An independent reading of page 83h. */
async function designators(unit: LogicalUnit, nexus: Nexus = NEXUS): Promise<Designator[]> {
  const octets = await page(unit, 0x83, nexus);
  const found: Designator[] = [];
  let at = 4;
  while (at < octets.length) {
    const [first, second, , length] = octets.subarray(at, at + 4) as unknown as number[];
    found.push({
      protocol: first! >>> 4,
      codeSet: first! & 0x0f,
      piv: (second! & 0x80) !== 0,
      association: (second! >>> 4) & 3,
      type: second! & 0x0f,
      value: octets.slice(at + 4, at + 4 + length!),
    });
    at += 4 + length!;
  }
  assert.equal(at, octets.length, "the designators fill the page exactly");
  return found;
}

function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

Deno.test("A104: page 00h lists the pages there are, ascending and exactly", async () => {
  const unit = unitOf();
  const listed = [...(await page(unit, 0x00)).subarray(4)];
  assert.deepEqual(listed, [0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2]);
  for (let code = 0; code < 256; code++) {
    const { status, sense } = await run(unit, [0x12, 1, code, 0, 0xff, 0]);
    assert.equal(status === 0, listed.includes(code));
    if (status !== 0) assert.deepEqual(sense?.field, { in: "cdb", octet: 2 });
  }
});

Deno.test("A104: the length of every page is that of the octets sent, whatever is cut off", async () => {
  const unit = unitOf();
  for (const code of [0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2]) {
    const whole = await page(unit, code);
    assert.equal(whole[1], code);
    assert.equal(new DataView(whole.buffer).getUint16(2), whole.length - 4);
    const cut = await run(unit, [0x12, 1, code, 0, 6, 0]);
    assert.equal(cut.status, 0);
    assert.deepEqual(cut.data, whole.subarray(0, 6));
  }
});

Deno.test("A104: page 80h is the UUID in hex", async () => {
  const serial = text((await page(unitOf(), 0x80)).subarray(4));
  assert.equal(serial, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
});

Deno.test("A104: page 83h names the unit by NAA, T10 vendor and SCSI name string", async () => {
  const [naa, t10, name] = (await designators(unitOf())).filter((each) => each.association === 0);
  assert.deepEqual([naa!.type, naa!.codeSet, naa!.value.length], [3, 1, 8]);
  assert.equal(naa!.value[0]! >>> 4, 3);
  assert.deepEqual([t10!.type, t10!.codeSet], [1, 2]);
  assert.equal(text(t10!.value), "SANCTL  a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  assert.deepEqual([name!.type, name!.codeSet], [8, 3]);
  const hex = Array.from(naa!.value, (octet) => octet.toString(16).padStart(2, "0")).join("");
  assert.equal(text(name!.value).replace(/\0+$/, ""), `naa.${hex.toUpperCase()}`);
});

Deno.test("A104: page 83h tells of the target port, its group and the target device", async () => {
  const nexus = nexusOf(1, 7);
  const found = (await designators(unitOf(), nexus)).filter((each) => each.association !== 0);
  for (const each of found) assert.deepEqual([each.piv, each.protocol], [true, 5]);
  const [port, relative, group, device] = found;
  assert.deepEqual([port!.association, port!.type], [1, 8]);
  assert.equal(text(port!.value).replace(/\0+$/, ""), nexus.targetPort);
  assert.deepEqual([relative!.association, relative!.type], [1, 4]);
  assert.deepEqual([...relative!.value], [0, 0, 0, 7]);
  assert.deepEqual([group!.association, group!.type], [1, 5]);
  assert.deepEqual([device!.association, device!.type], [2, 8]);
  assert.equal(text(device!.value).replace(/\0+$/, ""), "iqn.2026-01.org.example:target");
});

Deno.test("A104: SCSI name strings end in a zero and are padded to four octets", async () => {
  for (let port = 1; port < 5; port++) {
    const nexus = { ...NEXUS, targetPort: `iqn.2026-01.org.example:${"x".repeat(port)},t,0x0001` };
    for (const { type, value } of await designators(unitOf(), nexus)) {
      if (type !== 8) continue;
      assert.equal(value.length % 4, 0);
      assert.equal(value.at(-1), 0);
      assert.notEqual(value.at(-5), 0);
    }
  }
});

Deno.test("A105: the identity is the same through every port and after a restart", async () => {
  const names = async (unit: LogicalUnit, nexus: Nexus) =>
    (await designators(unit, nexus)).filter((each) => each.association === 0);
  const first = await names(unitOf(), NEXUS);
  assert.deepEqual(await names(unitOf(), nexusOf(3, 9)), first);
  const renamed = { uuid: UUID, vendor: "SANCTL", product: "Another Name", revision: "2" };
  assert.deepEqual(await names(unitOf({ identity: renamed }), OTHER_NEXUS), first);
});

Deno.test("A105: every bit of the UUID that differs makes another NAA, so a clone is another unit", () => {
  const seen = new Set<string>([locallyAssignedName(UUID).join()]);
  for (let bit = 4; bit < 64; bit++) {
    const uuid = UUID.slice();
    uuid[bit >>> 3]! ^= 0x80 >>> (bit & 7);
    seen.add(locallyAssignedName(uuid).join());
  }
  assert.equal(seen.size, 61);
});

Deno.test("A104: page 86h claims a volatile cache and all three task attributes", async () => {
  const octets = await page(unitOf(), 0x86);
  assert.equal(octets.length, 64);
  assert.deepEqual([octets[5]! & 0x07, octets[6]! & 0x01], [0x07, 0x01]);
});

Deno.test("A104: page B0h has the length of SBC-3 and the limits that commands hold to", async () => {
  const octets = await page(unitOf(), 0xb0);
  const view = new DataView(octets.buffer);
  assert.equal(octets.length, 64);
  assert.equal(octets[4], 0, "WSNZ: WRITE SAME of zero blocks reaches to the last one");
  assert.equal(octets[5], BlockLimits.compareAndWriteBlocks);
  assert.equal(view.getUint32(8), BlockLimits.transferLength / 512);
  assert.equal(view.getUint32(20), BlockLimits.unmapBlocks);
  assert.equal(view.getUint32(24), BlockLimits.unmapDescriptors);
  assert.equal(view.getBigUint64(36), BigInt(BlockLimits.writeSameLength / 512));
  assert.equal(view.getUint32(44), BlockLimits.atomicTransferLength / 512);
});

Deno.test("A104: page B0h counts in blocks of the unit's own length", async () => {
  const view = new DataView((await page(unitOf({ blockLength: 4096 }), 0xb0)).buffer);
  assert.equal(view.getUint32(8), BlockLimits.transferLength / 4096);
});

Deno.test("A104: page B0h offers no UNMAP where the unit is not thin", async () => {
  const view = new DataView((await page(unitOf({ unmap: false }), 0xb0)).buffer);
  assert.deepEqual([view.getUint32(20), view.getUint32(24), view.getUint32(28)], [0, 0, 0]);
});

Deno.test("A104: page B1h is that of a medium that does not rotate", async () => {
  const octets = await page(unitOf(), 0xb1);
  assert.equal(octets.length, 64);
  assert.deepEqual([...octets.subarray(4, 6)], [0, 1]);
  assert.equal(octets[7]! >>> 6, 1, "reads after block erase succeed");
  assert.equal((await page(unitOf({ unmap: false }), 0xb1))[7], 0);
});

Deno.test("A104: page B2h tells a thin unit, all of whose ways to unmap read as zeros", async () => {
  assert.deepEqual([...(await page(unitOf(), 0xb2)).subarray(4)], [0, 0xe4, 0x02, 0]);
});

Deno.test("A104: page B2h tells a thick unit", async () => {
  assert.deepEqual([...(await page(unitOf({ unmap: false }), 0xb2)).subarray(4)], [0, 0, 0, 0]);
});
