/**
 * The target would not take a PDU of ours, and sends its header back. RFC 7143 11.17. That header
 * is nothing but the target's word: it must be, octet for octet, one that we sent and wait about.
 */
import { BHS_LENGTH } from "../iscsi/bhs.ts";
import type { Frame } from "../iscsi/frame.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { LogoutOutcome } from "../iscsi/pdu/logout_response.ts";
import { Reject, RejectReason } from "../iscsi/pdu/reject.ts";
import { ScsiCommand } from "../iscsi/pdu/scsi_command.ts";
import { TaskManagementOutcome } from "../iscsi/pdu/task_management_response.ts";
import { ProtocolError } from "../iscsi/protocol_error.ts";
import { serialLess } from "../wire/serial.ts";
import { CommandFailure } from "./command.ts";
import type { FullFeature } from "./full_feature.ts";
import type { Session } from "./session.ts";

const NAMES = new Map<number, string>(
  Object.entries(RejectReason).map((
    [name, code],
  ) => [code, name.toLowerCase().replaceAll("_", " ")]),
);

export function receiveReject(flow: FullFeature, session: Session, frame: Frame): void {
  const pdu = new Reject(frame.octets, frame.base);
  flow.acknowledge(pdu.statSN);
  const reason = NAMES.get(pdu.reason) ?? `reason 0x${pdu.reason.toString(16)}`;
  if (frame.dataLength < BHS_LENGTH) throw new ProtocolError(`the target rejects a PDU: ${reason}`);
  const header = new ScsiCommand(frame.octets, frame.dataAt);
  switch (header.opcode) {
    case Opcode.SCSI_COMMAND:
      if (rejectCommand(session, header, reason)) return;
      break;
    case Opcode.TASK_MANAGEMENT_REQUEST:
      if (flow.endFunction(header.initiatorTaskTag, TaskManagementOutcome.FUNCTION_REJECTED)) {
        return;
      }
      break;
    case Opcode.TEXT_REQUEST:
      return flow.failText(
        new CommandFailure("refused", `the target rejects the question: ${reason}`),
      );
    case Opcode.LOGOUT_REQUEST:
      return flow.endLogout(LogoutOutcome.CLEANUP_FAILED);
  }
  const opcode = `0x${header.opcode.toString(16).padStart(2, "0")}`;
  throw new ProtocolError(`the target rejects a PDU of opcode ${opcode}: ${reason}`);
}

/** True if the command is one of ours, and can be ended by itself. */
function rejectCommand(
  session: Session,
  header: InstanceType<typeof ScsiCommand>,
  reason: string,
): boolean {
  const task = session.tasks.get(header.initiatorTaskTag);
  if (task?.state !== "sent" || task.cmdSN !== header.cmdSN) return false;
  if (!task.cdb.every((octet, i) => octet === header.cdb[i])) return false;
  // A CmdSN that does not count leaves a gap that nothing fills: RFC 7143 4.2.2.1.
  if (!serialLess(task.cmdSN, session.window.expCmdSN)) return false;
  task.connection!.forget(task);
  task.result = new CommandFailure("refused", `the target rejects the command: ${reason}`);
  session.settle(task);
  return true;
}
