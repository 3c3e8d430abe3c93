/** Text Response. RFC 7143 11.11. */
import { flag, layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const TextResponse = layout(BHS_LENGTH, {
  ...Bhs,
  continue: flag(1, 6), // 11.11.2, C: the text goes on in the next response
  targetTransferTag: u32(20), // 11.11.4
  statSN: u32(24), // 11.11.5
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
});
