/**
 * MODE SENSE(6) and (10): the settings, what of them may be changed, and the defaults. SPC-4 7.5.
 */
import { bits, flag, layout, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  type DescriptorKind,
  emitModeParameters,
  Form10,
  Form6,
  type ModeForm,
} from "../mode_parameters.ts";
import { PageControl } from "../mode_pages.ts";
import { SAVING_PARAMETERS_NOT_SUPPORTED } from "../sense.ts";
import type { Step, Task } from "../task.ts";

/** The same in both forms, up to SUBPAGE CODE; LLBAA is reserved in the shorter one. */
export const ModeSenseCdb = layout(4, {
  llbaa: flag(1, 4),
  dbd: flag(1, 3),
  pc: bits(2, 0xc0),
  pageCode: bits(2, 0x3f),
  subpageCode: u8(3),
});

const PAGE_CODE_AT = 2;

export const modeSenses: readonly Command[] = [
  {
    name: "MODE SENSE(6)",
    opcode: 0x1a,
    usage: "1a 08 ff ff ff 00",
    access: Access.QUERY,
    execute: (task, unit) => modeSense(task, unit, Form6),
  },
  {
    name: "MODE SENSE(10)",
    opcode: 0x5a,
    usage: "5a 18 ff ff 00 00 00 ff ff 00",
    access: Access.QUERY,
    execute: (task, unit) => modeSense(task, unit, Form10),
  },
];

function modeSense(task: Task, unit: LogicalUnit, form: ModeForm): Step {
  const { llbaa, dbd, pc, pageCode, subpageCode } = new ModeSenseCdb(task.cdb);
  if (pc === PageControl.SAVED) return task.fail(SAVING_PARAMETERS_NOT_SUPPORTED);
  const pages = unit.mode.emit(pc as Exclude<PageControl, 3>, pageCode, subpageCode);
  if (pages === undefined) return task.fail(invalidFieldInCdb(PAGE_CODE_AT, 5));
  const descriptor: DescriptorKind = dbd ? "none" : llbaa ? "long" : "short";
  const writeProtected = task.writeProtected || unit.readOnly || unit.fenced !== undefined;
  const data = emitModeParameters(form, unit, { descriptor, pages, writeProtected });
  return task.send(data, form.cdbLength(task.view));
}
