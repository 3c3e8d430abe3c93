/**
 * Replies of the transmission phase. doc/proto.md, "Simple reply message", "Structured reply chunk
 * message", "Structured reply types".
 */
import { layout, u16, u32, u64 } from "../../wire/layout.ts";

export const SIMPLE_REPLY_MAGIC = 0x6744_6698;
export const CHUNK_MAGIC = 0x668e_33ef;

/** The data of a read follows it. */
export const SimpleReply = layout(16, {
  magic: u32(0),
  error: u32(4),
  cookieHigh: u32(8),
  cookieLow: u32(12),
});

const header = {
  magic: u32(0),
  flags: u16(4),
  type: u16(6),
  cookieHigh: u32(8),
  cookieLow: u32(12),
  payloadLength: u32(16),
} as const;

/** What every chunk begins with; `NBD_REPLY_TYPE_NONE` is no more than that. */
export const Chunk = layout(20, header);

/** `NBD_REPLY_TYPE_OFFSET_DATA`: the data follows it. */
export const DataChunk = layout(28, { ...header, offset: u64(20) });

/** `NBD_REPLY_TYPE_OFFSET_HOLE`. */
export const HoleChunk = layout(32, { ...header, offset: u64(20), holeLength: u32(28) });

/** `NBD_REPLY_TYPE_BLOCK_STATUS`: descriptors follow it. */
export const BlockStatusChunk = layout(24, { ...header, contextId: u32(20) });

export const BlockStatusDescriptor = layout(8, { length: u32(0), status: u32(4) });

/** `NBD_REPLY_TYPE_ERROR`: the message follows it. */
export const ErrorChunk = layout(26, { ...header, error: u32(20), messageLength: u16(24) });

/** `NBD_REPLY_TYPE_ERROR_OFFSET`: the message follows it, and behind that the offset. */
export const ERROR_OFFSET_LENGTH = 8;

/** "Structured reply flags". */
export const ChunkFlag = { DONE: 0x0001 } as const;

export const ChunkType = {
  NONE: 0,
  OFFSET_DATA: 1,
  OFFSET_HOLE: 2,
  BLOCK_STATUS: 5,
  ERROR: 0x8001,
  ERROR_OFFSET: 0x8002,
} as const;

/** Chunks that tell of an error have bit 15 set, those too that are not known. */
export function isErrorChunk(type: number): boolean {
  return (type & 0x8000) !== 0;
}
