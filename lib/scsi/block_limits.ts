/**
 * The limits of a block device server that VPD page B0h reports and the commands hold to. SBC-3
 * 6.5.3.
 */
export const BlockLimits = {
  /** MAXIMUM TRANSFER LENGTH, in octets. */
  transferLength: 32 << 20,
  /** OPTIMAL TRANSFER LENGTH, in octets. */
  optimalTransferLength: 1 << 20,
  /** MAXIMUM COMPARE AND WRITE LENGTH, in blocks: the field has one octet. */
  compareAndWriteBlocks: 255,
  /** MAXIMUM UNMAP LBA COUNT, in blocks, of one command. */
  unmapBlocks: 1 << 20,
  /** MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT of one command. */
  unmapDescriptors: 256,
  /** MAXIMUM WRITE SAME LENGTH, in octets: what is done in slices without holding a session up. */
  writeSameLength: 1 << 30,
  /** MAXIMUM ATOMIC TRANSFER LENGTH, in octets: 256 blocks of any length. SBC-4 6.6.4. */
  atomicTransferLength: 1 << 20,
} as const;
