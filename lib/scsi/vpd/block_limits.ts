/**
 * Block Limits, page B0h, of SBC-3 length. SBC-3 6.5; offsets are from the page's start, less the
 * header.
 */
import { flag, layout, u16, u32, u64, u8 } from "../../wire/layout.ts";
import { BlockLimits } from "../block_limits.ts";
import type { LogicalUnit } from "../logical_unit.ts";

export const BlockLimitsBody = layout(60, {
  wsnz: flag(0, 0), // clear: WRITE SAME of zero blocks reaches to the last one
  maximumCompareAndWriteLength: u8(1),
  optimalTransferLengthGranularity: u16(2),
  maximumTransferLength: u32(4),
  optimalTransferLength: u32(8),
  maximumPrefetchLength: u32(12),
  maximumUnmapLbaCount: u32(16),
  maximumUnmapBlockDescriptorCount: u32(20),
  optimalUnmapGranularity: u32(24),
  maximumWriteSameLength: u64(32),
  maximumAtomicTransferLength: u32(40),
  atomicAlignment: u32(44),
  atomicTransferLengthGranularity: u32(48),
});

export function blockLimits(unit: LogicalUnit): Uint8Array {
  const { blockLength } = unit;
  const physicalBlock = 1 << unit.physicalBlockExponent;
  const octets = new Uint8Array(BlockLimitsBody.length);
  const body = new BlockLimitsBody(octets);
  body.maximumCompareAndWriteLength = BlockLimits.compareAndWriteBlocks;
  body.optimalTransferLengthGranularity = physicalBlock;
  body.maximumTransferLength = BlockLimits.transferLength / blockLength;
  body.optimalTransferLength = BlockLimits.optimalTransferLength / blockLength;
  if (unit.thin) {
    body.maximumUnmapLbaCount = BlockLimits.unmapBlocks;
    body.maximumUnmapBlockDescriptorCount = BlockLimits.unmapDescriptors;
    body.optimalUnmapGranularity = physicalBlock;
  }
  body.maximumWriteSameLength = BlockLimits.writeSameLength / blockLength;
  body.maximumAtomicTransferLength = BlockLimits.atomicTransferLength / blockLength;
  return octets;
}
