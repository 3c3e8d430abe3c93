/**
 * Commands to a LUN with no logical unit behind it, and to the REPORT LUNS well known logical unit
 * (SPC-4 8.2), which tells what units there are and has no medium.
 */
import { CommandTable } from "./command_table.ts";
import { inquireWithoutUnit, inquiries } from "./commands/inquiry.ts";
import { reportLuns, reportLunsCommands } from "./commands/report_luns.ts";
import { requestSenses, sendSense } from "./commands/request_sense.ts";
import { testUnitReadies } from "./commands/test_unit_ready.ts";
import { type Luns, REPORT_LUNS_WELL_KNOWN } from "./lun.ts";
import {
  INVALID_COMMAND_OPERATION_CODE,
  LOGICAL_UNIT_NOT_SUPPORTED,
  NO_SENSE_DATA,
} from "./sense.ts";
import type { Step, Task } from "./task.ts";

/** What the well known unit can do; an absent one does less, see the rows below. */
const TABLE = new CommandTable([
  ...inquiries,
  ...reportLunsCommands,
  ...requestSenses,
  ...testUnitReadies,
]);

type Answer = (task: Task, luns: Luns, wellKnown: boolean) => Step;

const ANSWERS: Readonly<Record<string, Answer>> = {
  "INQUIRY": (task, _luns, wellKnown) => inquireWithoutUnit(task, wellKnown),
  "REPORT LUNS": (task, luns) => reportLuns(task, luns),
  // SPC-4 6.39: told as data with GOOD, for asking is not in error.
  "REQUEST SENSE": (task, _luns, wellKnown) =>
    sendSense(task, wellKnown ? NO_SENSE_DATA : LOGICAL_UNIT_NOT_SUPPORTED),
  "TEST UNIT READY": (task, _luns, wellKnown) =>
    wellKnown ? task.done() : task.fail(LOGICAL_UNIT_NOT_SUPPORTED),
};

/** `begin` for a task whose LUN names no unit. */
export function beginWithoutUnit(task: Task, luns: Luns): Step {
  const wellKnown = task.lun === REPORT_LUNS_WELL_KNOWN;
  const row = TABLE.find(task.view);
  if (row === undefined) {
    return task.fail(wellKnown ? INVALID_COMMAND_OPERATION_CODE : LOGICAL_UNIT_NOT_SUPPORTED);
  }
  task.command = row.command;
  if (row.misuses(task.view)) return task.fail(row.fault(task.view));
  return ANSWERS[row.command.name]!(task, luns, wellKnown);
}
