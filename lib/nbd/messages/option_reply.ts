/** Replies to options. doc/proto.md, "Option reply types". */
import { layout, u32, u64 } from "../../wire/layout.ts";

export const OPTION_REPLY_MAGIC = 0x0003_e889_0455_65a9;

/** What comes before the data of a reply. */
export const OptionReplyHeader = layout(20, {
  magic: u64(0),
  option: u32(8), // as the client sent it
  type: u32(12),
  dataLength: u32(16),
});

export const ReplyType = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: 0x8000_0001,
  ERR_POLICY: 0x8000_0002,
  ERR_INVALID: 0x8000_0003,
  ERR_PLATFORM: 0x8000_0004,
  ERR_TLS_REQD: 0x8000_0005,
  ERR_UNKNOWN: 0x8000_0006,
  ERR_SHUTDOWN: 0x8000_0007,
  ERR_BLOCK_SIZE_REQD: 0x8000_0008,
  ERR_TOO_BIG: 0x8000_0009,
} as const;
export type ReplyType = typeof ReplyType[keyof typeof ReplyType];

/** Error replies have bit 31 set, those too that are not known. */
export function isError(type: number): boolean {
  return type >= 0x8000_0000;
}
