/** Task Management Function Response. RFC 7143 11.6. */
import { layout, u32, u8 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const TaskManagementResponse = layout(BHS_LENGTH, {
  ...Bhs,
  response: u8(2), // 11.6.1
  statSN: u32(24), // 11.4.9
  expCmdSN: u32(28), // 11.4.10
  maxCmdSN: u32(32), // 11.4.11
});

/** 11.6.1. */
export const TaskManagementOutcome = {
  FUNCTION_COMPLETE: 0,
  TASK_DOES_NOT_EXIST: 1,
  LUN_DOES_NOT_EXIST: 2,
  TASK_STILL_ALLEGIANT: 3,
  TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED: 4,
  FUNCTION_NOT_SUPPORTED: 5,
  FUNCTION_AUTHORIZATION_FAILED: 6,
  FUNCTION_REJECTED: 255,
} as const;
