/**
 * PREVENT ALLOW MEDIUM REMOVAL: each initiator for itself. SBC-3 5.9.
 */
import { Access, type Command } from "../command.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { Status } from "../status.ts";
import type { Step, Task } from "../task.ts";

const PREVENT = 0x01;

export const preventAllowMediumRemovals: readonly Command[] = [{
  name: "PREVENT ALLOW MEDIUM REMOVAL",
  opcode: 0x1e,
  usage: "1e 00 00 00 01 00",
  access: Access.OWN,
  offered: (unit) => unit.removable,
  execute: preventAllow,
}];

function preventAllow(task: Task, unit: LogicalUnit): Step {
  const prevent = (task.cdb[4]! & PREVENT) !== 0;
  // Allowing is open to all, under every kind of reservation.
  if (prevent && unit.reservations.conflicts(task, Access.WRITE)) {
    return task.endWith(Status.RESERVATION_CONFLICT);
  }
  if (prevent) unit.medium.preventRemoval(task.nexus);
  else unit.medium.allowRemoval(task.nexus);
  return task.done();
}
