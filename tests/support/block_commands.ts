/** CDBs of the commands that move blocks, and data to move. */
import type { Sense } from "../../lib/scsi/sense.ts";

/** Operation codes by name, the 16-octet form where there are several. */
export const Op = {
  READ_6: 0x08,
  WRITE_6: 0x0a,
  READ_10: 0x28,
  WRITE_10: 0x2a,
  WRITE_AND_VERIFY_10: 0x2e,
  VERIFY_10: 0x2f,
  PRE_FETCH_10: 0x34,
  SYNCHRONIZE_CACHE_10: 0x35,
  WRITE_SAME_10: 0x41,
  UNMAP: 0x42,
  READ: 0x88,
  COMPARE_AND_WRITE: 0x89,
  WRITE: 0x8a,
  ORWRITE: 0x8b,
  WRITE_AND_VERIFY: 0x8e,
  VERIFY: 0x8f,
  PRE_FETCH: 0x90,
  SYNCHRONIZE_CACHE: 0x91,
  WRITE_SAME: 0x93,
  WRITE_ATOMIC: 0x9c,
  READ_12: 0xa8,
  WRITE_12: 0xaa,
  WRITE_AND_VERIFY_12: 0xae,
  VERIFY_12: 0xaf,
} as const;

/** Bits of the CDB's second octet. */
export const FUA = 0x08;
export const DPO = 0x10;
export const FUA_NV = 0x02;
export const IMMED = 0x02;
export const UNMAP = 0x08;
export const ANCHOR = 0x10;
export const NDOB = 0x01;
export const BYTCHK = [0x00, 0x02, 0x04, 0x06] as const;

/** The CDB of a command, in the form that its operation code has. */
export function cdb(
  opcode: number,
  logicalBlockAddress: number | bigint,
  blockCount: number,
  flags = 0,
): Uint8Array {
  const octets = new Uint8Array(16);
  const view = new DataView(octets.buffer);
  const lba = BigInt(logicalBlockAddress);
  if (opcode < 0x20) {
    view.setUint32(0, Number(lba));
    view.setUint8(4, blockCount);
  } else if (opcode < 0x60) {
    view.setUint32(2, Number(lba));
    view.setUint16(7, blockCount);
  } else if (opcode >= 0xa0) {
    view.setUint32(2, Number(lba));
    view.setUint32(6, blockCount);
  } else {
    view.setBigUint64(2, lba);
    if (opcode === Op.COMPARE_AND_WRITE) view.setUint8(13, blockCount);
    else if (opcode === Op.WRITE_ATOMIC) view.setUint16(12, blockCount);
    else view.setUint32(10, blockCount);
  }
  octets[0] = opcode;
  octets[1]! |= flags;
  return octets;
}

/** The parameter list of UNMAP with its descriptors, each an LBA and a number of blocks. */
export function unmapList(...descriptors: readonly (readonly [number | bigint, number])[]) {
  const list = new Uint8Array(8 + descriptors.length * 16);
  const view = new DataView(list.buffer);
  view.setUint16(0, list.length - 2);
  view.setUint16(2, list.length - 8);
  for (const [index, [lba, blockCount]] of descriptors.entries()) {
    view.setBigUint64(8 + index * 16, BigInt(lba));
    view.setUint32(16 + index * 16, blockCount);
  }
  return list;
}

/** The CDB of UNMAP. */
export function unmapCdb(parameterListLength: number): Uint8Array {
  return cdb(Op.UNMAP, 0, parameterListLength);
}

/** The CDB of GET LBA STATUS. */
export function getLbaStatusCdb(lba: number | bigint, allocationLength: number): Uint8Array {
  return cdb(0x9e, lba, allocationLength, 0x12);
}

/** Octets that differ from place to place, and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const octets = new Uint8Array(length);
  let state = seed * 0x9e37_79b9 >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[at] = state;
  }
  return octets;
}

export function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Sense key, additional sense code and qualifier as `5/24/00`; undefined without sense data. */
export function senseText(sense: Sense | undefined): string | undefined {
  if (sense === undefined) return undefined;
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `${sense.key.toString(16)}/${hex(sense.code >>> 8)}/${hex(sense.code & 0xff)}`;
}
