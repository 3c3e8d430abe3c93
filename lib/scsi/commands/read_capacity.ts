/** READ CAPACITY(10) and (16): how many blocks, and of what kind. SBC-3 5.15, 5.16. */
import { bits, flag, layout, u32, u64 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";

// PMI and the LBA are obsolete since SBC-3; before it an LBA was good with PMI only, which asks for
// the last block before a delay. No block here is slower than another, so the answer is the same.
export const ReadCapacity10Cdb = layout(10, { logicalBlockAddress: u32(2), pmi: flag(8, 0) });
export const ReadCapacity16Cdb = layout(16, {
  logicalBlockAddress: u64(2),
  allocationLength: u32(10),
  pmi: flag(14, 0),
});

export const ReadCapacity10Data = layout(8, {
  returnedLogicalBlockAddress: u32(0),
  logicalBlockLengthInBytes: u32(4),
});

export const ReadCapacity16Data = layout(32, {
  returnedLogicalBlockAddress: u64(0), // of the last block: the count less one
  logicalBlockLengthInBytes: u32(8),
  logicalBlocksPerPhysicalBlockExponent: bits(13, 0x0f),
  lbpme: flag(14, 7), // thin: UNMAP does something
  lbprz: flag(14, 6), // unmapped blocks read as zeros
});

/** Says that READ CAPACITY(16) is to be asked. */
const TOO_LARGE = 0xffff_ffff;

const LBA_AT = 2;

export const readCapacities: readonly Command[] = [
  {
    name: "READ CAPACITY(10)",
    opcode: 0x25,
    usage: "25 00 ff ff ff ff 00 00 01 00",
    access: Access.QUERY,
    medium: true,
    execute: readCapacity10,
  },
  {
    name: "READ CAPACITY(16)",
    opcode: 0x9e,
    serviceAction: 0x10,
    usage: "9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 00",
    access: Access.QUERY,
    medium: true,
    execute: readCapacity16,
  },
];

function readCapacity10(task: Task, unit: LogicalUnit): Step {
  const cdb = new ReadCapacity10Cdb(task.cdb);
  if (cdb.logicalBlockAddress !== 0 && !cdb.pmi) return task.fail(invalidFieldInCdb(LBA_AT));
  const octets = new Uint8Array(ReadCapacity10Data.length);
  const data = new ReadCapacity10Data(octets);
  data.returnedLogicalBlockAddress = Math.min(unit.blockCount - 1, TOO_LARGE);
  data.logicalBlockLengthInBytes = unit.blockLength;
  return task.send(octets, octets.length);
}

function readCapacity16(task: Task, unit: LogicalUnit): Step {
  const cdb = new ReadCapacity16Cdb(task.cdb);
  if (cdb.logicalBlockAddress !== 0 && !cdb.pmi) return task.fail(invalidFieldInCdb(LBA_AT));
  const octets = new Uint8Array(ReadCapacity16Data.length);
  const data = new ReadCapacity16Data(octets);
  data.returnedLogicalBlockAddress = unit.blockCount - 1;
  data.logicalBlockLengthInBytes = unit.blockLength;
  data.logicalBlocksPerPhysicalBlockExponent = unit.physicalBlockExponent;
  data.lbpme = unit.thin;
  data.lbprz = unit.thin;
  return task.send(octets, cdb.allocationLength);
}
