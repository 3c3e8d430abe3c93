/** Login Request: always immediate. RFC 7143 11.12. */
import { bits, bytes, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { BHS_LENGTH, BhsStart } from "../bhs.ts";

export const LoginRequest = layout(BHS_LENGTH, {
  ...BhsStart,
  transit: flag(1, 7), // 11.12.1, T: ready to move to nextStage
  continue: flag(1, 6), // 11.12.2, C: the text goes on in the next request
  currentStage: bits(1, 0x0c), // 11.12.3, CSG
  nextStage: bits(1, 0x03), // 11.12.3, NSG, meaningful with T only
  versionMax: u8(2), // 11.12.4.1
  versionMin: u8(3), // 11.12.4.2
  isid: bytes(8, 6), // 11.12.5
  tsih: u16(14), // 11.12.6
  cid: u16(20), // 11.12.7
  cmdSN: u32(24), // 11.12.8
  expStatSN: u32(28), // 11.12.9
});

/** 11.12.3; 2 is not a stage. */
export const LoginStage = {
  SECURITY_NEGOTIATION: 0,
  OPERATIONAL_NEGOTIATION: 1,
  FULL_FEATURE_PHASE: 3,
} as const;
export type LoginStage = typeof LoginStage[keyof typeof LoginStage];
