/** Login Response. RFC 7143 11.13. */
import { bits, bytes, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { BHS_LENGTH, BhsStart } from "../bhs.ts";

export const LoginResponse = layout(BHS_LENGTH, {
  ...BhsStart,
  transit: flag(1, 7), // 11.13.6, T
  continue: flag(1, 6), // 11.13.7, C
  currentStage: bits(1, 0x0c), // 11.12.3, CSG
  nextStage: bits(1, 0x03), // 11.12.3, NSG
  versionMax: u8(2), // 11.13.1
  versionActive: u8(3), // 11.13.2
  isid: bytes(8, 6), // 11.12.5
  tsih: u16(14), // 11.13.3
  statSN: u32(24), // 11.13.4
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
  statusClass: u8(36), // 11.13.5
  statusDetail: u8(37), // 11.13.5
});

/** 11.13.5: the class in the upper octet, the detail in the lower. */
export const LoginStatus = {
  SUCCESS: 0x0000,
  TARGET_MOVED_TEMPORARILY: 0x0101,
  TARGET_MOVED_PERMANENTLY: 0x0102,
  INITIATOR_ERROR: 0x0200,
  AUTHENTICATION_FAILURE: 0x0201,
  AUTHORIZATION_FAILURE: 0x0202,
  NOT_FOUND: 0x0203,
  TARGET_REMOVED: 0x0204,
  UNSUPPORTED_VERSION: 0x0205,
  TOO_MANY_CONNECTIONS: 0x0206,
  MISSING_PARAMETER: 0x0207,
  CANNOT_INCLUDE_IN_SESSION: 0x0208,
  SESSION_TYPE_NOT_SUPPORTED: 0x0209,
  SESSION_DOES_NOT_EXIST: 0x020a,
  INVALID_DURING_LOGIN: 0x020b,
  TARGET_ERROR: 0x0300,
  SERVICE_UNAVAILABLE: 0x0301,
  OUT_OF_RESOURCES: 0x0302,
} as const;
export type LoginStatus = typeof LoginStatus[keyof typeof LoginStatus];
