/** REPORT LUNS: the logical units that the nexus reaches. SPC-4 6.33. */
import { layout, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { inventoryReported } from "../inventory.ts";
import { emitLun, LUN_LENGTH, type Luns, REPORT_LUNS_WELL_KNOWN } from "../lun.ts";
import type { Step, Task } from "../task.ts";

export const ReportLunsCdb = layout(12, { selectReport: u8(2), allocationLength: u32(6) });
export const ReportLunsData = layout(8, { lunListLength: u32(0) });

/** SELECT REPORT. */
const SelectReport = { UNITS: 0, WELL_KNOWN: 1, ALL: 2 } as const;

const LEAST_ALLOCATION_LENGTH = 16;

export const reportLunsCommands: readonly Command[] = [{
  name: "REPORT LUNS",
  opcode: 0xa0,
  usage: "a0 00 ff 00 00 00 ff ff ff ff 00 00",
  access: Access.ALWAYS,
  execute: (task, _unit, luns) => reportLuns(task, luns),
}];

/** The same list whatever LUN it is asked of, one that does not exist included. */
export function reportLuns(task: Task, luns: Luns): Step {
  const { selectReport, allocationLength } = new ReportLunsCdb(task.cdb);
  if (selectReport > SelectReport.ALL) return task.fail(invalidFieldInCdb(2));
  if (allocationLength < LEAST_ALLOCATION_LENGTH) return task.fail(invalidFieldInCdb(6));
  const reported: number[] = [];
  if (selectReport !== SelectReport.WELL_KNOWN) {
    for (const [lun] of luns.entries()) reported.push(lun);
  }
  inventoryReported(task.nexus, luns);
  if (selectReport !== SelectReport.UNITS) reported.push(REPORT_LUNS_WELL_KNOWN);
  const octets = new Uint8Array(ReportLunsData.length + reported.length * LUN_LENGTH);
  const data = new ReportLunsData(octets);
  data.lunListLength = reported.length * LUN_LENGTH;
  reported.forEach((lun, i) => emitLun(data.view, ReportLunsData.length + i * LUN_LENGTH, lun));
  return task.send(octets, allocationLength);
}
