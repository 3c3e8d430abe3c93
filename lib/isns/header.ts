/** What every PDU of iSNS begins with. RFC 4171 5.1. */
import { flag, layout, u16 } from "../wire/layout.ts";

export const HEADER_LENGTH = 12;

/** RFC 4171 5.1.1: the only one. */
export const VERSION = 1;

/** Octets of payload that one PDU can say it has, a multiple of four. RFC 4171 5.1.3. */
export const MOST_PAYLOAD = 0xfffc;

export const PduHeader = layout(HEADER_LENGTH, {
  version: u16(0), // 5.1.1
  functionId: u16(2), // 5.1.2
  payloadLength: u16(4), // 5.1.3
  isFromClient: flag(6, 7), // 5.1.4
  isFromServer: flag(6, 6),
  isSigned: flag(6, 5),
  replaces: flag(6, 4), // of a registration
  isLast: flag(6, 3),
  isFirst: flag(6, 2),
  transactionId: u16(8), // 5.1.5
  sequenceId: u16(10), // 5.1.6
});
