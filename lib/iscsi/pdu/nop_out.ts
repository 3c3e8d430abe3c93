/** NOP-Out: a ping from the initiator, or its answer to one. RFC 7143 11.18. */
import { layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const NopOut = layout(BHS_LENGTH, {
  ...Bhs, // 11.18.1: RESERVED_TAG when no answer is wanted
  targetTransferTag: u32(20), // 11.18.2
  cmdSN: u32(24), // 11.3.2
  expStatSN: u32(28), // 11.3.3
});
