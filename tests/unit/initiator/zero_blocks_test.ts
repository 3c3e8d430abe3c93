/** A142: how blocks are made zeros, by what the unit says of itself. */
import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import type { CommandRequest } from "../../../lib/initiator/command.ts";
import type { UnitFacts } from "../../../lib/initiator/unit_facts.ts";
import { zeroBlocks } from "../../../lib/initiator/zero_blocks.ts";

const BLOCK = 512;
const WRITE_SAME_16 = 0x93;
const UNMAP = 0x42;
const ILLEGAL = { key: 0x5, code: 0x2000, deferred: false };

interface Does {
  readonly thin?: boolean;
  readonly zeros?: boolean;
  readonly unmap?: boolean;
  readonly writeSame?: boolean;
  readonly limits?: Partial<UnitFacts["limits"]>;
  /** Opcodes that it claims and does not know. */
  readonly unknown?: readonly number[];
  /** A status for everything. */
  readonly status?: number;
}

/** What a unit is asked when blocks 8 to 1032 are to be zeros. */
async function askedOf(does: Does): Promise<string[]> {
  const { thin = true, zeros = true, unmap = false, writeSame = false, unknown = [] } = does;
  const asked: string[] = [];
  const limits = { maximumUnmapLbaCount: 0, maximumWriteSameLength: 0, ...does.limits };
  const provisioning = { isThin: thin, readsZeros: zeros, doesUnmap: unmap };
  const unit = {
    facts: {
      ...{ blockLength: BLOCK, blockCount: 1 << 20, limits },
      provisioning: { ...provisioning, doesWriteSameUnmap: writeSame },
    } as unknown as UnitFacts,
    execute({ cdb, dataOut = new Uint8Array(0) }: CommandRequest) {
      const view = new DataView(cdb.buffer, cdb.byteOffset);
      const opcode = cdb[0]!;
      const list = new DataView(dataOut.buffer, dataOut.byteOffset);
      if (opcode === WRITE_SAME_16) {
        asked.push(
          `write same ${view.getUint32(6)} +${view.getUint32(10)} unmap ${cdb[1]! >> 3 & 1}`,
        );
        assert.ok(dataOut.every((octet) => octet === 0));
      } else if (opcode === UNMAP) asked.push(`unmap ${list.getUint32(12)} +${list.getUint32(16)}`);
      else asked.push(`opcode ${opcode.toString(16)}`);
      const isKnown = (opcode === WRITE_SAME_16 || opcode === UNMAP) && !unknown.includes(opcode);
      const status = does.status ?? (isKnown ? 0 : 2);
      const sense = status === 2 ? ILLEGAL : undefined;
      return Promise.resolve({ status, sense, transferred: 0, overflow: 0 });
    },
    write(offset: number, octets: Uint8Array) {
      assert.ok(octets.every((octet) => octet === 0));
      asked.push(`write ${offset / BLOCK} +${octets.length / BLOCK}`);
      return Promise.resolve();
    },
    failed: () => new DeviceError("medium", "no"),
  };
  await zeroBlocks(unit, 8 * BLOCK, 1024 * BLOCK);
  return asked;
}

const PLAIN = ["write 8 +1024"];

Deno.test("A142: UNMAP and WRITE SAME are used only where they are claimed, and read as zeros", async () => {
  assert.deepEqual(await askedOf({ thin: false }), PLAIN);
  assert.deepEqual(await askedOf({ zeros: false, unmap: true, writeSame: true }), PLAIN);
  assert.deepEqual(await askedOf({}), PLAIN);
});

Deno.test("A142: WRITE SAME, whose result is defined, is split to what the unit takes", async () => {
  assert.deepEqual(await askedOf({ writeSame: true, unmap: true }), ["write same 8 +1024 unmap 1"]);
  const limits = { maximumWriteSameLength: 400 };
  assert.deepEqual(await askedOf({ writeSame: true, limits }), [
    "write same 8 +400 unmap 1",
    "write same 408 +400 unmap 1",
    "write same 808 +224 unmap 1",
  ]);
});

Deno.test("A142: UNMAP is split likewise, and what it may have kept is written over", async () => {
  const limits = { maximumUnmapLbaCount: 600 };
  assert.deepEqual(await askedOf({ unmap: true, limits }), [
    "unmap 8 +600",
    "unmap 608 +424",
    "opcode 9e", // GET LBA STATUS, which this unit does not know: so all may be mapped still
    "write 8 +1024",
  ]);
});

Deno.test("A142: what a unit claims and does not know is done by writing zeros", async () => {
  const writeSame = await askedOf({ writeSame: true, unknown: [WRITE_SAME_16] });
  assert.deepEqual(writeSame, ["write same 8 +1024 unmap 1", ...PLAIN]);
  const limits = { maximumUnmapLbaCount: 600 };
  const unmap = await askedOf({ unmap: true, unknown: [UNMAP], limits });
  assert.deepEqual(unmap, ["unmap 8 +600", ...PLAIN]);
});

Deno.test("A142: what fails otherwise fails", async () => {
  await assert.rejects(askedOf({ writeSame: true, status: 0x18 }), DeviceError);
  await assert.rejects(askedOf({ unmap: true, status: 0x18 }), DeviceError);
});
