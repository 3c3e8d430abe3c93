/** SCSI Data-In: data of a read; the last may carry the status as well. RFC 7143 11.7. */
import { flag, layout, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const DataIn = layout(BHS_LENGTH, {
  ...Bhs,
  acknowledge: flag(1, 6), // 11.7.2, A: the initiator shall answer with a DataACK SNACK
  overflow: flag(1, 2), // 11.7.3, O, meaningful with S only
  underflow: flag(1, 1), // 11.7.3, U, meaningful with S only
  hasStatus: flag(1, 0), // 11.7.3, S: status, StatSN and residual count are meaningful
  status: u8(3), // 11.4.2
  targetTransferTag: u32(20), // 11.7.4
  statSN: u32(24), // 11.4.9
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  dataSN: u32(36), // 11.7.5
  bufferOffset: u32(40), // 11.7.6
  residualCount: u32(44), // 11.4.5
});
