/** Asynchronous Message: the target reports what nobody asked for. RFC 7143 11.9. */
import { layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const AsyncMessage = layout(BHS_LENGTH, {
  ...Bhs, // the initiator task tag is always RESERVED_TAG
  statSN: u32(24), // 11.4.9
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  asyncEvent: u8(36), // 11.9.1
  asyncVCode: u8(37), // 11.9.2
  parameter1: u16(38), // 11.9.1: the connection concerned
  parameter2: u16(40), // 11.9.1: Time2Wait in seconds
  parameter3: u16(42), // 11.9.1: Time2Retain, or the time left to act in seconds
});

/** 11.9.1. */
export const AsyncEvent = {
  SCSI_EVENT: 0,
  LOGOUT_REQUESTED: 1,
  CONNECTION_DROPPED: 2,
  SESSION_DROPPED: 3,
  NEGOTIATION_REQUESTED: 4,
  TASKS_TERMINATED: 5,
  VENDOR_SPECIFIC: 255,
} as const;
