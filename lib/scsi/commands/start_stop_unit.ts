/**
 * START STOP UNIT: loads, ejects, and flushes. SBC-3 5. There is no motor to stop and no power
 * to save, so stopping means that all is on the medium, and a power condition changes nothing.
 */
import { bits, flag, layout } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { endFlushed, flush } from "../flush.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  MEDIUM_NOT_PRESENT,
  MEDIUM_REMOVAL_PREVENTED,
  NOT_READY_TO_READY_CHANGE,
} from "../sense.ts";
import { Status } from "../status.ts";
import type { Step, Task } from "../task.ts";

const StartStopUnitCdb = layout(6, {
  immed: flag(1, 0),
  powerConditionModifier: bits(3, 0x0f),
  powerCondition: bits(4, 0xf0),
  noFlush: flag(4, 2),
  loej: flag(4, 1), // load or eject
  start: flag(4, 0),
});

export const startStopUnits: readonly Command[] = [{
  name: "START STOP UNIT",
  opcode: 0x1b,
  usage: "1b 01 00 0f f7 00",
  access: Access.OWN,
  execute: startStopUnit,
}];

function startStopUnit(task: Task, unit: LogicalUnit): Step {
  const cdb = new StartStopUnitCdb(task.cdb);
  // Starting is open to all; the rest is not, where another holds a reservation.
  const access = cdb.start && cdb.powerCondition === 0 ? Access.QUERY : Access.WRITE;
  if (unit.reservations.conflicts(task, access)) return task.endWith(Status.RESERVATION_CONFLICT);
  if (cdb.powerCondition !== 0) return task.done();
  if (cdb.loej) {
    if (!unit.removable) return task.fail(invalidFieldInCdb(4, 1));
    if (unit.medium.removalPrevented) return task.fail(MEDIUM_REMOVAL_PREVENTED);
    if (cdb.start) return load(task, unit);
    unit.medium.loaded = false;
  } else if (cdb.start) {
    return unit.medium.loaded ? task.done() : task.fail(MEDIUM_NOT_PRESENT);
  }
  if (cdb.noFlush || unit.readOnly) return task.done();
  if (!cdb.immed) return task.wait(endFlushed(task, unit));
  void flush(unit); // what goes wrong fences the unit, and the next write is told
  return task.done();
}

function load(task: Task, unit: LogicalUnit): Step {
  if (unit.medium.loaded) return task.done();
  unit.medium.loaded = true;
  unit.attentions.establishForOthers(NOT_READY_TO_READY_CHANGE, task.nexus);
  return task.done();
}
