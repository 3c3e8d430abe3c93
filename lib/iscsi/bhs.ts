/** The Basic Header Segment: the first 48 octets of every PDU. RFC 7143 11.2.1. */
import { bits, bytes, flag, u24, u32, u8 } from "../wire/layout.ts";

/** Octets of a Basic Header Segment. */
export const BHS_LENGTH = 48;

/** The fields that every PDU has, without exception. */
export const BhsStart = {
  immediate: flag(0, 6), // 11.2.1.1, I: delivered at once, outside the CmdSN order
  opcode: bits(0, 0x3f), // 11.2.1.2
  totalAHSLength: u8(4), // 11.2.1.5, in words of four octets
  dataSegmentLength: u24(5), // 11.2.1.6, without padding
  initiatorTaskTag: u32(16), // 11.2.1.8
};

/** The fields that most PDUs share; login has others in the place of F and LUN. */
export const Bhs = {
  ...BhsStart,
  final: flag(1, 7), // 11.2.1.3, F
  lun: bytes(8, 8), // 11.2.1.7
};

/** The value of a task tag field that names no task. RFC 7143 11.2.1.8. */
export const RESERVED_TAG = 0xffffffff;
