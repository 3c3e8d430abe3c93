/** Requests of the transmission phase. doc/proto.md, "Request message", "Request types". */
import { layout, u16, u32, u64 } from "../../wire/layout.ts";

export const REQUEST_MAGIC = 0x2560_9513;

/** What comes before the payload, which `NBD_CMD_WRITE` alone has. */
export const Request = layout(28, {
  magic: u32(0),
  flags: u16(4),
  type: u16(6),
  cookieHigh: u32(8), // the cookie is the client's own: an identity, and no number
  cookieLow: u32(12),
  offset: u64(16),
  length: u32(24),
});

export const RequestType = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
} as const;

/** "Command flags". */
export const CommandFlag = {
  FUA: 0x0001,
  NO_HOLE: 0x0002,
  DF: 0x0004,
  REQ_ONE: 0x0008,
  FAST_ZERO: 0x0010,
} as const;
