/**
 * How far what a command moves differs from what the initiator expects. RFC 7143 11.4.5: positive
 * is an underflow (fewer octets), negative an overflow (more octets than there was room for).
 */
import { Status } from "../scsi/status.ts";
import type { TargetTask } from "./target_task.ts";

export function residual(task: TargetTask): number {
  const expected = task.reads || task.writes ? task.expectedDataTransferLength : 0;
  if (task.status === Status.GOOD || task.status === Status.CONDITION_MET) {
    return expected - task.impliedLength;
  }
  // What a failed command would have moved is not known; only what it did move counts.
  return expected - Math.min(task.moved, expected);
}
