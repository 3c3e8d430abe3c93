/**
 * MODE SELECT(6) and (10): changes settings, all that the list asks for or none. SPC-4 7.5.
 * The other initiators are told that something is different.
 */
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { Form10, Form6, type ModeForm, parsePreamble } from "../mode_parameters.ts";
import {
  INVALID_FIELD_IN_PARAMETER_LIST,
  MODE_PARAMETERS_CHANGED,
  PARAMETER_LIST_LENGTH_ERROR,
  withField,
} from "../sense.ts";
import type { Step, Task } from "../task.ts";

/** PF: the pages are those of the standard; SP: they are to be saved. */
const PAGE_FORMAT = 0x10;
const SAVE_PAGES = 0x01;

export const modeSelects: readonly Command[] = [
  {
    name: "MODE SELECT(6)",
    opcode: 0x15,
    usage: "15 11 00 00 ff 00",
    access: Access.WRITE,
    execute: (task) => modeSelect(task, Form6),
  },
  {
    name: "MODE SELECT(10)",
    opcode: 0x55,
    usage: "55 11 00 00 00 00 00 ff ff 00",
    access: Access.WRITE,
    execute: (task) => modeSelect(task, Form10),
  },
];

function modeSelect(task: Task, form: ModeForm): Step {
  const options = task.cdb[1]!;
  if ((options & SAVE_PAGES) !== 0) return task.fail(invalidFieldInCdb(1, 0));
  const length = form.cdbLength(task.view);
  if (length === 0) return task.done();
  if ((options & PAGE_FORMAT) === 0) return task.fail(invalidFieldInCdb(1, 4));
  return task.collect(length, form === Form6 ? select6 : select10);
}

function select6(task: Task, unit: LogicalUnit): Step {
  return select(task, unit, Form6);
}

function select10(task: Task, unit: LogicalUnit): Step {
  return select(task, unit, Form10);
}

function select(task: Task, unit: LogicalUnit, form: ModeForm): Step {
  const list = task.data;
  // A list cut within a header, a descriptor or a page is in error as a whole.
  if (list.length < form.cdbLength(task.view)) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  const preamble = parsePreamble(form, list, unit);
  if ("truncated" in preamble) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  if ("faultAt" in preamble) return failIn(task, preamble.faultAt);
  const selection = unit.mode.check(list, preamble.pagesAt);
  if ("fault" in selection) {
    if (selection.truncated) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
    return task.fail(withField(INVALID_FIELD_IN_PARAMETER_LIST, selection.fault));
  }
  if (unit.mode.apply(selection.pages)) {
    unit.attentions.establishForOthers(MODE_PARAMETERS_CHANGED, task.nexus);
  }
  return task.done();
}

function failIn(task: Task, octet: number): Step {
  return task.fail(withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", octet }));
}
