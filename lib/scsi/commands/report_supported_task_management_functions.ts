/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. SPC-4 6.36. */
import { flag, layout, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { Step, Task } from "../task.ts";

const ReportSupportedTaskManagementFunctionsCdb = layout(12, {
  repd: flag(2, 7), // extended parameter data
  allocationLength: u32(6),
});

export const TaskManagementFunctionsData = layout(16, {
  ats: flag(0, 7), // ABORT TASK
  atss: flag(0, 6), // ABORT TASK SET
  cacas: flag(0, 5), // CLEAR ACA
  ctss: flag(0, 4), // CLEAR TASK SET
  lurs: flag(0, 3), // LOGICAL UNIT RESET
  qts: flag(0, 2), // QUERY TASK
  trs: flag(0, 1), // TARGET RESET, warm or cold
  itnrs: flag(1, 0), // I_T NEXUS RESET
  additionalDataLength: u8(3),
});

const BASIC_LENGTH = 4;

export const taskManagementReports: readonly Command[] = [{
  name: "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
  opcode: 0xa3,
  serviceAction: 0x0d,
  usage: "a3 0d 80 00 00 00 ff ff ff ff 00 00",
  access: Access.QUERY,
  execute: report,
}];

function report(task: Task): Step {
  const { repd, allocationLength } = new ReportSupportedTaskManagementFunctionsCdb(task.cdb);
  if (allocationLength < BASIC_LENGTH) return task.fail(invalidFieldInCdb(6));
  const octets = new Uint8Array(repd ? TaskManagementFunctionsData.length : BASIC_LENGTH);
  const data = new TaskManagementFunctionsData(octets);
  data.ats = true;
  data.atss = true;
  data.ctss = true;
  data.lurs = true;
  data.trs = true;
  // The timeouts that follow are left at zero: not indicated.
  if (repd) data.additionalDataLength = TaskManagementFunctionsData.length - BASIC_LENGTH;
  return task.send(octets, allocationLength);
}
