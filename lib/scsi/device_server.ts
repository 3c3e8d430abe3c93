/**
 * The device server: takes a command from a transport as far as its first step, and on from each
 * step that the transport has done. What holds for all commands is decided here, in the order of
 * SAM-5 5.14: who is addressed, what is asked, what the initiator must hear first, whether
 * it may, and whether the medium is there.
 */
import { DeviceError } from "../block/device.ts";
import { beginWithoutUnit } from "./absent_unit.ts";
import type { Command } from "./command.ts";
import { invalidFieldInCdb, type Row } from "./command_table.ts";
import { TABLE } from "./commands/mod.ts";
import { senseOf } from "./device_sense.ts";
import { takeAttention } from "./inventory.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import type { Luns } from "./lun.ts";
import {
  INVALID_COMMAND_OPERATION_CODE,
  INVALID_MESSAGE_ERROR,
  type Sense,
  WRITE_ERROR,
  WRITE_PROTECTED,
} from "./sense.ts";
import { Status } from "./status.ts";
import { type Step, type Task, TaskAttribute } from "./task.ts";

export type { Luns } from "./lun.ts";

/**
 * These tell of a unit whatever has happened to it, and leave unit attentions alone. SAM-5 5.14.
 */
const INQUIRY = 0x12;
const REPORT_LUNS = 0xa0;
const REQUEST_SENSE = 0x03;
const SANITIZE = 0x48;
/**
 * REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS are among these.
 */
const MAINTENANCE_IN = 0xa3;

/** Everything up to the command's first step. Never throws for anything that a peer sent. */
export function begin(task: Task, luns: Luns): Step {
  const unit = task.unit;
  if (unit === undefined) return beginWithoutUnit(task, luns);
  // There is never an ACA condition here, NormACA being zero; what lies above is reserved.
  if (task.attribute >= TaskAttribute.ACA) return task.fail(INVALID_MESSAGE_ERROR);
  const row = TABLE.find(task.view);
  if (row === undefined) return task.fail(unknown(task));
  const command = row.command;
  task.command = command;
  if (unit.attentions.count > 0 && !isExempt(command.opcode)) {
    const condition = takeAttention(task.nexus, unit, luns);
    if (condition !== undefined) return task.fail(condition);
  }
  if (command.offered !== undefined && !command.offered(unit)) return task.fail(unknown(task));
  if (unit.reservations.held && unit.reservations.conflicts(task, command.access)) {
    return task.endWith(Status.RESERVATION_CONFLICT);
  }
  if (row.misuses(task.view)) return task.fail(row.fault(task.view));
  const bar = refusal(task, unit, row);
  if (bar !== undefined) return task.fail(bar);
  try {
    return command.execute(task, unit, luns);
  } catch (error) {
    return fail(task, error);
  }
}

/** Goes on after the transport has done a READ, WRITE or COLLECT step. */
export function finish(task: Task): Step {
  const finish = task.finish;
  if (finish === undefined) return task.done();
  task.finish = undefined;
  try {
    return finish(task, task.unit!);
  } catch (error) {
    return fail(task, error);
  }
}

/**
 * The device could not do a step, or the promise of a WAIT step was rejected. Our own bugs go on.
 */
export function fail(task: Task, error: unknown): Step {
  if (!(error instanceof DeviceError)) throw error;
  task.finish = undefined;
  return task.fail(senseOf(error, task.command?.writes ?? false));
}

/** No such operation code; or no such service action, and then the pointer is at its field. */
function unknown(task: Task): Sense {
  const entry = TABLE.entry(task.cdb[0]!);
  if (!Array.isArray(entry)) return INVALID_COMMAND_OPERATION_CODE;
  const offered = entry.some((row) => {
    const command: Command | undefined = row?.command;
    return command !== undefined && (command.offered?.(task.unit!) ?? true);
  });
  return offered ? invalidFieldInCdb(1, 4) : INVALID_COMMAND_OPERATION_CODE;
}

function isExempt(opcode: number): boolean {
  return opcode === INQUIRY || opcode === REPORT_LUNS || opcode === REQUEST_SENSE;
}

/** Why the state of the medium does not allow the command. */
function refusal(task: Task, unit: LogicalUnit, { command }: Row): Sense | undefined {
  if (unit.medium.notReady !== undefined && isBarred(unit, command)) return unit.medium.notReady;
  if (command.writes !== true) return undefined;
  if (task.writeProtected || unit.readOnly) return WRITE_PROTECTED;
  return unit.fenced === undefined ? undefined : WRITE_ERROR;
}

/**
 * SBC-3 4.11: while a sanitize operation runs, and after it failed, nearly every command is
 * barred; at other times only those that need the medium.
 */
function isBarred(unit: LogicalUnit, command: Command): boolean {
  const { sanitize } = unit.medium;
  if (sanitize === "none") return command.medium === true;
  if (sanitize === "failed" && command.opcode === SANITIZE) return false;
  return !isExempt(command.opcode) && command.opcode !== MAINTENANCE_IN;
}
