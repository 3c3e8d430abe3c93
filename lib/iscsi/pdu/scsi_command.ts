/** SCSI Command: a CDB for a logical unit. RFC 7143 11.3. */
import { bits, bytes, flag, layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const ScsiCommand = layout(BHS_LENGTH, {
  ...Bhs,
  read: flag(1, 6), // 11.3.1, R: the command is expected to send data
  write: flag(1, 5), // 11.3.1, W: the command is expected to take data
  attribute: bits(1, 0x07), // 11.3.1, ATTR
  expectedDataTransferLength: u32(20), // 11.3.4
  cmdSN: u32(24), // 11.3.2
  expStatSN: u32(28), // 11.3.3
  cdb: bytes(32, 16), // 11.3.5
});

/** 11.3.1: the task attributes of SAM. */
export const TaskAttribute = {
  UNTAGGED: 0,
  SIMPLE: 1,
  ORDERED: 2,
  HEAD_OF_QUEUE: 3,
  ACA: 4,
} as const;
