/** Ready To Transfer (R2T): the target asks for one burst of a write's data. RFC 7143 11.8. */
import { layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const ReadyToTransfer = layout(BHS_LENGTH, {
  ...Bhs,
  targetTransferTag: u32(20), // 11.8.5
  statSN: u32(24), // 11.8.3: the next StatSN, not consumed
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  r2tSN: u32(36), // 11.8.2
  bufferOffset: u32(40), // 11.8.4
  desiredDataTransferLength: u32(44), // 11.8.4
});
