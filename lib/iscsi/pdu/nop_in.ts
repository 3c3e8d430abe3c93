/** NOP-In: a ping from the target, or its answer to one. RFC 7143 11.19. */
import { layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const NopIn = layout(BHS_LENGTH, {
  ...Bhs,
  targetTransferTag: u32(20), // 11.19.1: RESERVED_TAG when no answer is wanted
  statSN: u32(24), // 11.19.2: consumed by an answer only
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
});
