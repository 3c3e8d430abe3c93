/** Text Request: keys in full feature phase, SendTargets above all. RFC 7143 11.10. */
import { flag, layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const TextRequest = layout(BHS_LENGTH, {
  ...Bhs,
  continue: flag(1, 6), // 11.10.2, C: the text goes on in the next request
  targetTransferTag: u32(20), // 11.10.4
  cmdSN: u32(24), // 11.3.2
  expStatSN: u32(28), // 11.3.3
});
