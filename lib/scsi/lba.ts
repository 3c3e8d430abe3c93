/** The blocks that a command is about: where its CDB says so, and whether the unit has them. */
import { type Field, type Layout, layout, u16, u32, u64, u8, type View } from "../wire/layout.ts";
import { BlockLimits } from "./block_limits.ts";
import { invalidFieldInCdb } from "./command_table.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { LBA_OUT_OF_RANGE, type Sense } from "./sense.ts";
import type { Task } from "./task.ts";

/**
 * What every form tells; TRANSFER LENGTH, VERIFICATION LENGTH and the like are all `blockCount`.
 */
type BlockFields = { readonly logicalBlockAddress: Field; readonly blockCount: Field };

/** LOGICAL BLOCK ADDRESS of the 6-octet form: 21 bits. */
const lba21: Field = {
  at: 1,
  length: 3,
  get: (view, base) => view.getUint32(base) & 0x1f_ffff,
  set: (view, base, value) => {
    view.setUint32(base, (view.getUint32(base) & ~0x1f_ffff) | value);
  },
};

/** TRANSFER LENGTH of the 6-octet form, where zero stands for 256 blocks. */
const count256: Field = {
  at: 4,
  length: 1,
  get: (view, base) => view.getUint8(base + 4) || 256,
  set: (view, base, value) => view.setUint8(base + 4, value & 0xff),
};

const Cdb6 = layout(6, { logicalBlockAddress: lba21, blockCount: count256 });
export const Cdb10 = layout(10, { logicalBlockAddress: u32(2), blockCount: u16(7) });
const Cdb12 = layout(12, { logicalBlockAddress: u32(2), blockCount: u32(6) });
export const Cdb16 = layout(16, { logicalBlockAddress: u64(2), blockCount: u32(10) });
const CompareAndWriteCdb = layout(16, { logicalBlockAddress: u64(2), blockCount: u8(13) });
const WriteAtomicCdb = layout(16, { logicalBlockAddress: u64(2), blockCount: u16(12) });

/** Looks at one CDB after the other; what it tells holds until it looks at the next. */
export class BlockRange {
  logicalBlockAddress = 0;
  blockCount = 0;
  /** The same in octets of the unit's device. */
  offset = 0;
  length = 0;
  /** The count was zero, and reaches to the last block. */
  isToEnd = false;
  readonly #cdb: View<BlockFields>;
  /** Where the CDB has the number of blocks. */
  readonly #countAt: number;

  constructor(cdb: Layout<BlockFields>) {
    this.#cdb = new cdb();
    this.#countAt = cdb.fields.blockCount.at;
  }

  /** Takes in the task's CDB; answers why the unit cannot serve it, if so. */
  look(task: Task, unit: LogicalUnit): Sense | undefined {
    const cdb = this.#cdb;
    cdb.view = task.view;
    this.logicalBlockAddress = cdb.logicalBlockAddress;
    return this.#count(unit, cdb.blockCount);
  }

  /** The same for the commands whose count of zero reaches to the last block. */
  lookToEnd(task: Task, unit: LogicalUnit): Sense | undefined {
    const refusal = this.look(task, unit);
    this.isToEnd = this.blockCount === 0;
    if (refusal !== undefined || !this.isToEnd) return refusal;
    return this.#count(unit, unit.blockCount - this.logicalBlockAddress);
  }

  /** Why the blocks are too many, if they are. */
  exceeds(octets: number): Sense | undefined {
    return this.length > octets ? invalidFieldInCdb(this.#countAt) : undefined;
  }

  /** `look` for a command that moves the blocks, at most MAXIMUM TRANSFER LENGTH of them. */
  lookToTransfer(task: Task, unit: LogicalUnit): Sense | undefined {
    return this.look(task, unit) ?? this.exceeds(BlockLimits.transferLength);
  }

  #count(unit: LogicalUnit, blockCount: number): Sense | undefined {
    this.blockCount = blockCount;
    this.offset = this.logicalBlockAddress * unit.blockLength;
    this.length = blockCount * unit.blockLength;
    return inRange(unit, this.logicalBlockAddress, blockCount) ? undefined : LBA_OUT_OF_RANGE;
  }
}

/**
 * The unit has the blocks. None at all may begin right behind the last one. An address past 2^53,
 * which a Number rounds, stays past every capacity, and nothing is shifted or multiplied before it
 * is compared.
 */
export function inRange(
  unit: LogicalUnit,
  logicalBlockAddress: number,
  blockCount: number,
): boolean {
  return logicalBlockAddress + blockCount <= unit.blockCount;
}

/** FUA, which the CDBs of six octets (group code 0) do not have. */
export function forcesUnitAccess(task: Task): boolean {
  return task.cdb[0]! >= 0x20 && (task.cdb[1]! & 0x08) !== 0;
}

export const range6 = new BlockRange(Cdb6);
export const range10 = new BlockRange(Cdb10);
export const range12 = new BlockRange(Cdb12);
export const range16 = new BlockRange(Cdb16);
export const compareAndWriteRange = new BlockRange(CompareAndWriteCdb);
export const writeAtomicRange = new BlockRange(WriteAtomicCdb);
