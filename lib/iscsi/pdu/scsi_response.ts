/** SCSI Response: how one command ended. RFC 7143 11.4. */
import { flag, layout, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const ScsiResponse = layout(BHS_LENGTH, {
  ...Bhs,
  bidirectionalOverflow: flag(1, 4), // 11.4.1, o
  bidirectionalUnderflow: flag(1, 3), // 11.4.1, u
  overflow: flag(1, 2), // 11.4.1, O: the initiator expected too little
  underflow: flag(1, 1), // 11.4.1, U: less moved than it expected
  response: u8(2), // 11.4.3
  status: u8(3), // 11.4.2
  snackTag: u32(20), // 11.4.4
  statSN: u32(24), // 11.4.9
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  expDataSN: u32(36), // 11.4.8
  bidirectionalReadResidualCount: u32(40), // 11.4.6
  residualCount: u32(44), // 11.4.5
});

/** 11.4.3: whether the target could carry the command out at all. */
export const Response = { COMMAND_COMPLETED_AT_TARGET: 0x00, TARGET_FAILURE: 0x01 } as const;
