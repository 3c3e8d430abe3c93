/** Reject: a PDU was not accepted; its header is the data segment. RFC 7143 11.17. */
import { layout, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const Reject = layout(BHS_LENGTH, {
  ...Bhs, // the initiator task tag is always RESERVED_TAG
  reason: u8(2), // 11.17.1
  statSN: u32(24), // 11.17.3
  expCmdSN: u32(28), // 11.17.3
  maxCmdSN: u32(32), // 11.17.3
  dataSN: u32(36), // 11.17.2; the next R2TSN when a DataACK was rejected
});

/** 11.17.1. */
export const RejectReason = {
  DATA_DIGEST_ERROR: 0x02,
  SNACK_REJECT: 0x03,
  PROTOCOL_ERROR: 0x04,
  COMMAND_NOT_SUPPORTED: 0x05,
  IMMEDIATE_COMMAND_REJECT: 0x06,
  TASK_IN_PROGRESS: 0x07,
  INVALID_DATA_ACK: 0x08,
  INVALID_PDU_FIELD: 0x09,
  LONG_OPERATION_REJECT: 0x0a,
  WAITING_FOR_LOGOUT: 0x0c,
} as const;
export type RejectReason = typeof RejectReason[keyof typeof RejectReason];
