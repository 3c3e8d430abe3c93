/** What a client learns of an export. doc/proto.md, `NBD_REP_INFO`. */
import { layout, u16, u32, u64 } from "../../wire/layout.ts";

export const InfoType = { EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 } as const;

/** `NBD_INFO_EXPORT`. */
export const ExportInfo = layout(12, {
  type: u16(0),
  size: u64(2),
  transmissionFlags: u16(10),
});

/** `NBD_INFO_BLOCK_SIZE`: "Size constraints". */
export const BlockSizeInfo = layout(14, {
  type: u16(0),
  minimumBlockSize: u32(2),
  preferredBlockSize: u32(6),
  maximumPayloadSize: u32(10),
});

/** The same as in `NBD_INFO_EXPORT`, as `NBD_OPT_EXPORT_NAME` is answered. */
export const ExportNameReply = layout(10, {
  size: u64(0),
  transmissionFlags: u16(8),
});

/** Follow that, unless both sides have said that they need not. */
export const RESERVED_ZEROES = 124;

/** "Transmission flags": what the export can do. */
export const TransmissionFlag = {
  HAS_FLAGS: 0x0001,
  READ_ONLY: 0x0002,
  SEND_FLUSH: 0x0004,
  SEND_FUA: 0x0008,
  ROTATIONAL: 0x0010,
  SEND_TRIM: 0x0020,
  SEND_WRITE_ZEROES: 0x0040,
  SEND_DF: 0x0080,
  CAN_MULTI_CONN: 0x0100,
  SEND_CACHE: 0x0400,
  SEND_FAST_ZERO: 0x0800,
} as const;
