/**
 * REPORT SUPPORTED OPERATION CODES: the table that dispatches commands, told as it is. SPC-4 6.35.
 * The table contains this command too, so it is asked for when the command comes.
 */
import { bits, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { type CommandTable, invalidFieldInCdb, Row } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";

const ReportSupportedOperationCodesCdb = layout(12, {
  rctd: flag(2, 7), // with command timeouts descriptors
  reportingOptions: bits(2, 0x07),
  requestedOperationCode: u8(3),
  requestedServiceAction: u16(4),
  allocationLength: u32(6),
});

/** What is to be told. */
const ReportingOptions = { ALL: 0, ONE_OPERATION_CODE: 1, ONE_SERVICE_ACTION: 2 } as const;

const AllCommandsHeader = layout(4, { commandDataLength: u32(0) });
const CommandDescriptor = layout(8, {
  operationCode: u8(0),
  serviceAction: u16(2),
  ctdp: flag(5, 1), // a command timeouts descriptor follows
  servactv: flag(5, 0), // the service action is one
  cdbLength: u16(6),
});
const OneCommandHeader = layout(4, {
  ctdp: flag(1, 7),
  support: bits(1, 0x07),
  cdbSize: u16(2),
});
/** Its times are zero: not indicated. SPC-4 6.35. */
const CommandTimeoutsDescriptor = layout(12, { descriptorLength: u16(0) });

/** Whether the command is known. */
const Support = { NOT_SUPPORTED: 1, AS_STANDARD: 3 } as const;

const REPORTING_OPTIONS_AT = 2;

/** The command, telling of the table that `table` answers. */
export function reportSupportedOperationCodes(table: () => CommandTable): Command {
  return {
    name: "REPORT SUPPORTED OPERATION CODES",
    opcode: 0xa3,
    serviceAction: 0x0c,
    usage: "a3 0c 87 ff ff ff ff ff ff ff 00 00",
    access: Access.QUERY,
    execute: (task, unit) => report(task, unit, table()),
  };
}

function report(task: Task, unit: LogicalUnit, table: CommandTable): Step {
  const cdb = new ReportSupportedOperationCodesCdb(task.cdb);
  const { reportingOptions, rctd, allocationLength } = cdb;
  if (reportingOptions === ReportingOptions.ALL) {
    return task.send(allCommands(unit, table, rctd), allocationLength);
  }
  if (reportingOptions > ReportingOptions.ONE_SERVICE_ACTION) {
    return task.fail(invalidFieldInCdb(REPORTING_OPTIONS_AT, 2));
  }
  const entry = table.entry(cdb.requestedOperationCode);
  const byServiceAction = reportingOptions === ReportingOptions.ONE_SERVICE_ACTION;
  // SPC-4 6.35: the option must suit the operation code, where it is known.
  if (entry !== undefined && entry instanceof Row === byServiceAction) {
    return task.fail(invalidFieldInCdb(REPORTING_OPTIONS_AT, 2));
  }
  const row = entry instanceof Row ? entry : entry?.[cdb.requestedServiceAction];
  return task.send(oneCommand(row, unit, rctd), allocationLength);
}

function isOffered({ command }: Row, unit: LogicalUnit): boolean {
  return command.offered?.(unit) ?? true;
}

function allCommands(unit: LogicalUnit, table: CommandTable, rctd: boolean): Uint8Array {
  const rows = [...table.rows()].filter((row) => isOffered(row, unit));
  const each = CommandDescriptor.length + (rctd ? CommandTimeoutsDescriptor.length : 0);
  const octets = new Uint8Array(AllCommandsHeader.length + rows.length * each);
  new AllCommandsHeader(octets).commandDataLength = rows.length * each;
  const descriptor = new CommandDescriptor(octets, AllCommandsHeader.length);
  for (const { command, usage } of rows) {
    descriptor.operationCode = command.opcode;
    descriptor.serviceAction = command.serviceAction ?? 0;
    descriptor.servactv = command.serviceAction !== undefined;
    descriptor.cdbLength = usage.length;
    descriptor.ctdp = rctd;
    if (rctd) emitTimeouts(octets, descriptor.base + CommandDescriptor.length);
    descriptor.base += each;
  }
  return octets;
}

function oneCommand(row: Row | undefined, unit: LogicalUnit, rctd: boolean): Uint8Array {
  const supported = row !== undefined && isOffered(row, unit);
  const usage = supported ? row.usage : new Uint8Array(0);
  const withTimeouts = rctd && supported;
  const timeoutsAt = OneCommandHeader.length + usage.length;
  const octets = new Uint8Array(
    timeoutsAt + (withTimeouts ? CommandTimeoutsDescriptor.length : 0),
  );
  const header = new OneCommandHeader(octets);
  header.support = supported ? Support.AS_STANDARD : Support.NOT_SUPPORTED;
  header.cdbSize = usage.length;
  header.ctdp = withTimeouts;
  octets.set(usage, OneCommandHeader.length);
  if (withTimeouts) emitTimeouts(octets, timeoutsAt);
  return octets;
}

function emitTimeouts(octets: Uint8Array, at: number): void {
  const timeouts = new CommandTimeoutsDescriptor(octets, at);
  timeouts.descriptorLength = CommandTimeoutsDescriptor.length - 2;
}
