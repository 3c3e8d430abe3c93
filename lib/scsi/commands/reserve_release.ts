/**
 * RESERVE and RELEASE: the reservations of SPC-2, which last as long as the nexus. Extents,
 * elements and third parties are obsolete, so the CDBs carry nothing.
 */
import { Access, type Command } from "../command.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { Status } from "../status.ts";
import type { Step, Task } from "../task.ts";

function reserve(task: Task, unit: LogicalUnit): Step {
  const { reservations } = unit;
  return reservations.inTurn(
    task,
    () =>
      reservations.reserve(task.nexus) ? task.done() : task.endWith(Status.RESERVATION_CONFLICT),
  );
}

function release(task: Task, unit: LogicalUnit): Step {
  const { reservations } = unit;
  return reservations.inTurn(task, () => {
    // SPC-2 5.5.1: while keys are registered both commands conflict, whoever sends them.
    if (reservations.state.registrations.length > 0) {
      return task.endWith(Status.RESERVATION_CONFLICT);
    }
    reservations.release(task.nexus);
    return task.done();
  });
}

/** RESERVE and RELEASE, in both lengths of CDB. */
export const reserveReleases: readonly Command[] = [
  {
    name: "RESERVE(6)",
    opcode: 0x16,
    usage: "16 00 00 00 00 00",
    access: Access.OWN,
    execute: reserve,
  },
  {
    name: "RELEASE(6)",
    opcode: 0x17,
    usage: "17 00 00 00 00 00",
    access: Access.OWN,
    execute: release,
  },
  {
    name: "RESERVE(10)",
    opcode: 0x56,
    usage: "56 00 00 00 00 00 00 00 00 00",
    access: Access.OWN,
    execute: reserve,
  },
  {
    name: "RELEASE(10)",
    opcode: 0x57,
    usage: "57 00 00 00 00 00 00 00 00 00",
    access: Access.OWN,
    execute: release,
  },
];
