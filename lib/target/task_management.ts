/**
 * Task management functions: ending tasks, and resetting what runs them. RFC 7143 11.5; SAM-5 7. A
 * function is answered when every task that it touches has ended, so that nothing of them can reach
 * the medium or the initiator afterwards (RFC 7143 4.2.3.3).
 */
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import {
  TaskManagementFunction,
  TaskManagementRequest,
} from "../iscsi/pdu/task_management_request.ts";
import { TaskManagementOutcome } from "../iscsi/pdu/task_management_response.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { parseLun } from "../scsi/lun.ts";
import { COMMANDS_CLEARED_BY_ANOTHER_INITIATOR } from "../scsi/sense.ts";
import type { Task } from "../scsi/task.ts";
import { serialLess } from "../wire/serial.ts";
import type { Session } from "./session.ts";

/** The fields of a request that outlive its PDU. */
interface Request {
  readonly session: Session;
  readonly lun: number;
  readonly unit: LogicalUnit | undefined;
  readonly cmdSN: number;
  readonly referencedTaskTag: number;
  readonly refCmdSN: number;
}

const { FUNCTION_COMPLETE, TASK_DOES_NOT_EXIST, LUN_DOES_NOT_EXIST } = TaskManagementOutcome;

/**
 * Carries the function out, and resolves with the response. One for many tasks waits until those
 * have come that were sent before it, on whatever connection. RFC 7143 4.2.3.3.
 */
export function manageTasks(session: Session, frame: Frame): Promise<number> {
  const pdu = new TaskManagementRequest(frame.octets);
  pdu.base = frame.base;
  const lun = parseLun(pdu.view, pdu.base + 8);
  const request = {
    session,
    lun,
    unit: session.luns.get(lun)?.unit,
    cmdSN: pdu.cmdSN,
    referencedTaskTag: pdu.referencedTaskTag,
    refCmdSN: pdu.refCmdSN,
  };
  const row = FUNCTIONS[pdu.functionCode];
  if (row === undefined) return Promise.resolve(TaskManagementOutcome.FUNCTION_NOT_SUPPORTED);
  if (row.needsUnit && request.unit === undefined) return Promise.resolve(LUN_DOES_NOT_EXIST);
  return row.carryOut(request);
}

interface Row {
  /** The function is about one logical unit, which must exist. */
  readonly needsUnit: boolean;
  carryOut(request: Request): Promise<number>;
}

const FUNCTIONS: { readonly [code: number]: Row | undefined } = {
  [TaskManagementFunction.ABORT_TASK]: { needsUnit: true, carryOut: abortTask },
  [TaskManagementFunction.ABORT_TASK_SET]: { needsUnit: true, carryOut: abortTaskSet },
  [TaskManagementFunction.CLEAR_TASK_SET]: { needsUnit: true, carryOut: clearTaskSet },
  [TaskManagementFunction.LOGICAL_UNIT_RESET]: { needsUnit: true, carryOut: resetLogicalUnit },
  [TaskManagementFunction.TARGET_WARM_RESET]: { needsUnit: false, carryOut: resetTarget },
  [TaskManagementFunction.TARGET_COLD_RESET]: { needsUnit: false, carryOut: resetTarget },
  // RFC 7143 11.6.1: this answer at error recovery levels that keep no task for another connection.
  [TaskManagementFunction.TASK_REASSIGN]: {
    needsUnit: false,
    carryOut: () =>
      Promise.resolve(TaskManagementOutcome.TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED),
  },
};

/** RFC 7143 11.6.1, the notes on ABORT TASK. */
async function abortTask(request: Request): Promise<number> {
  const { session, referencedTaskTag, refCmdSN, cmdSN, lun } = request;
  const task = session.tasks.get(referencedTaskTag);
  if (task !== undefined && task.lun === lun) {
    await session.abort((each) => each === task);
    return FUNCTION_COMPLETE;
  }
  if (dropHeld(session, lun, referencedTaskTag) > 0) return FUNCTION_COMPLETE;
  // It has not come yet: its CmdSN counts as received, and the command is dropped when it comes.
  const isEarlier = serialLess(refCmdSN, cmdSN);
  return isEarlier && session.window.skip(refCmdSN) ? FUNCTION_COMPLETE : TASK_DOES_NOT_EXIST;
}

/** This nexus only. SAM-5 7.3. */
async function abortTaskSet({ session, unit, cmdSN }: Request): Promise<number> {
  await session.window.reached(cmdSN);
  await session.abort((task) => task.unit === unit);
  return FUNCTION_COMPLETE;
}

/** Every nexus; the others are told. SAM-5 7.5. */
async function clearTaskSet({ session, unit, cmdSN }: Request): Promise<number> {
  await session.window.reached(cmdSN);
  const losers = new Set<Task["nexus"]>();
  await unit!.tasks.abort((task) => {
    if (task.nexus !== session.nexus) losers.add(task.nexus);
    return true;
  });
  for (const nexus of losers) {
    unit!.attentions.establish(nexus, COMMANDS_CLEARED_BY_ANOTHER_INITIATOR);
  }
  return FUNCTION_COMPLETE;
}

/** SAM-5 7.7, 6.3.3. */
async function resetLogicalUnit({ session, unit, cmdSN }: Request): Promise<number> {
  await session.window.reached(cmdSN);
  await unit!.reset();
  return FUNCTION_COMPLETE;
}

/** All units of the target; for a cold reset the caller closes the connections afterwards. */
async function resetTarget({ session, cmdSN }: Request): Promise<number> {
  // RFC 7143 4.2.3.3: what has not come yet need not be waited for.
  session.dropHeld(({ frame }) => isCommand(frame));
  session.window.skipTo(cmdSN);
  await Promise.all([...session.luns.entries()].map(([, { unit }]) => unit.reset()));
  return FUNCTION_COMPLETE;
}

/** Drops the command with the tag, if it came ahead of its turn. Answers how many there were. */
function dropHeld(session: Session, lun: number, tag: number): number {
  return session.dropHeld(({ frame }) =>
    isCommand(frame) && parseLun(frame.view, frame.base + 8) === lun &&
    frame.view.getUint32(frame.base + 16) === tag
  );
}

function isCommand(frame: Frame): boolean {
  return (frame.view.getUint8(frame.base) & 0x3f) === Opcode.SCSI_COMMAND;
}
