/** SNACK Request: send again, or, for a DataACK, data has arrived. RFC 7143 11.16. */
import { bits, layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const SnackRequest = layout(BHS_LENGTH, {
  ...Bhs,
  type: bits(1, 0x0f), // 11.16.1
  targetTransferTag: u32(20), // 11.16.5; the SNACK Tag for R-Data
  expStatSN: u32(28), // 11.3.3
  begRun: u32(40), // 11.16.6
  runLength: u32(44), // 11.16.7; 0 is everything from begRun on
});

/** 11.16.1. */
export const SnackType = { DATA_OR_R2T: 0, STATUS: 1, DATA_ACK: 2, R_DATA: 3 } as const;
