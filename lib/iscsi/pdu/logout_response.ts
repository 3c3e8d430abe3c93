/** Logout Response. RFC 7143 11.15. */
import { layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const LogoutResponse = layout(BHS_LENGTH, {
  ...Bhs,
  response: u8(2), // 11.15.1
  statSN: u32(24), // 11.4.9
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  time2Wait: u16(40), // 11.15.3, seconds
  time2Retain: u16(42), // 11.15.4, seconds
});

/** 11.15.1. */
export const LogoutOutcome = {
  CLOSED: 0,
  CID_NOT_FOUND: 1,
  CONNECTION_RECOVERY_NOT_SUPPORTED: 2,
  CLEANUP_FAILED: 3,
} as const;
