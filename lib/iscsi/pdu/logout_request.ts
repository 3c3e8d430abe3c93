/** Logout Request: close a connection or the session. RFC 7143 11.14. */
import { bits, layout, u16, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const LogoutRequest = layout(BHS_LENGTH, {
  ...Bhs,
  reason: bits(1, 0x7f), // 11.14.1
  cid: u16(20), // 11.14.3
  cmdSN: u32(24), // 11.3.2
  expStatSN: u32(28), // 11.14.4
});

/** 11.14.1. */
export const LogoutReason = {
  CLOSE_SESSION: 0,
  CLOSE_CONNECTION: 1,
  REMOVE_CONNECTION_FOR_RECOVERY: 2,
} as const;
