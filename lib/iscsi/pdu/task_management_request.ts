/** Task Management Function Request: end tasks, or reset what runs them. RFC 7143 11.5. */
import { bits, layout, u32 } from "../../wire/layout.ts";
import { Bhs, BHS_LENGTH } from "../bhs.ts";

export const TaskManagementRequest = layout(BHS_LENGTH, {
  ...Bhs,
  functionCode: bits(1, 0x7f), // 11.5.1
  referencedTaskTag: u32(20), // 11.5.4
  cmdSN: u32(24), // 11.3.2
  expStatSN: u32(28), // 11.3.3
  refCmdSN: u32(32), // 11.5.5
  expDataSN: u32(36), // 11.5.6
});

/** 11.5.1. */
export const TaskManagementFunction = {
  ABORT_TASK: 1,
  ABORT_TASK_SET: 2,
  CLEAR_ACA: 3,
  CLEAR_TASK_SET: 4,
  LOGICAL_UNIT_RESET: 5,
  TARGET_WARM_RESET: 6,
  TARGET_COLD_RESET: 7,
  TASK_REASSIGN: 8,
} as const;
