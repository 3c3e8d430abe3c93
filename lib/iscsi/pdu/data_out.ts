/** SCSI Data-Out: data for a write, asked for by an R2T or unsolicited. RFC 7143 11.7. */
import { layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const DataOut = layout(BHS_LENGTH, {
  ...Bhs,
  targetTransferTag: u32(20), // 11.7.4
  expStatSN: u32(28), // 11.3.3
  dataSN: u32(36), // 11.7.5
  bufferOffset: u32(40), // 11.7.6
});
