/** B-20: a target that sends PDUs which nobody asked for, or none, or what is no PDU. */
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { AsyncMessage } from "../../../lib/iscsi/pdu/async_message.ts";
import { DataIn } from "../../../lib/iscsi/pdu/data_in.ts";
import { LoginResponse } from "../../../lib/iscsi/pdu/login_response.ts";
import { LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../../lib/iscsi/pdu/nop_in.ts";
import { Reject } from "../../../lib/iscsi/pdu/reject.ts";
import { ScsiCommand } from "../../../lib/iscsi/pdu/scsi_command.ts";
import { TaskManagementResponse } from "../../../lib/iscsi/pdu/task_management_response.ts";
import { TextResponse } from "../../../lib/iscsi/pdu/text_response.ts";
import { type Attack, FULL, testAttacks } from "../../support/attack.ts";
import type { ScriptedTarget } from "../../support/scripted_target.ts";

/** A Reject that claims this of one of our PDUs. */
function reject(
  target: ScriptedTarget,
  reason: number,
  fields: Partial<InstanceType<typeof ScsiCommand>>,
  length = 48,
): Promise<void> {
  const header = new ScsiCommand(new Uint8Array(48));
  Object.assign(header, { opcode: Opcode.SCSI_COMMAND, final: true, ...fields });
  const data = new Uint8Array(header.view.buffer as ArrayBuffer).subarray(0, length);
  return target.send(Opcode.REJECT, Reject, {
    ...{ reason, initiatorTaskTag: RESERVED_TAG, statSN: target.takeStatSN() },
  }, data);
}

const ATTACKS: readonly Attack[] = [
  {
    name: "a NOP-In that answers no ping",
    rule: "A56",
    message: /NOP-In that nobody asked for/,
    act: (target) =>
      target.send(Opcode.NOP_IN, NopIn, { initiatorTaskTag: 77, statSN: target.takeStatSN() }),
  },
  {
    name: "more pings than can be answered",
    message: /more NOP-Ins than can be answered/,
    async act(target) {
      const ping = (tag: number) =>
        target.pdu(Opcode.NOP_IN, NopIn, {
          ...{ initiatorTaskTag: RESERVED_TAG, targetTransferTag: tag, statSN: target.statSN },
        });
      const pings = Array.from({ length: 40 }, (_, i) => ping(i));
      await target.sendRaw(Uint8Array.from(pings.flatMap((pdu) => [...pdu])));
    },
  },
  {
    name: "a Task Management Response that nobody asked for",
    message: /Task Management Function Response that nobody asked for/,
    act: (target, tag) =>
      target.send(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse, {
        ...{ initiatorTaskTag: tag, statSN: target.takeStatSN() },
      }),
  },
  {
    name: "a Logout Response that nobody asked for",
    message: /Logout Response that nobody asked for/,
    act: (target, tag) =>
      target.send(Opcode.LOGOUT_RESPONSE, LogoutResponse, {
        ...{ initiatorTaskTag: tag, statSN: target.takeStatSN() },
      }),
  },
  {
    name: "a Text Response that nobody asked for",
    message: /Text Response that nobody asked for/,
    act: (target, tag) =>
      target.send(Opcode.TEXT_RESPONSE, TextResponse, {
        ...{ initiatorTaskTag: tag, statSN: target.takeStatSN() },
      }, new Uint8Array(100_000).fill(0x61)),
  },
  {
    name: "a Login Response in full feature phase",
    message: /opcode 0x23, which no target sends/,
    act: (target) =>
      target.send(Opcode.LOGIN_RESPONSE, LoginResponse, { statSN: target.takeStatSN() }),
  },
  {
    name: "a request of an initiator",
    message: /opcode 0x1, which no target sends/,
    act: (target, tag) => target.send(Opcode.SCSI_COMMAND, ScsiCommand, { initiatorTaskTag: tag }),
  },
  ...[0x07, 0x1c, 0x30, 0x3e].map((opcode): Attack => ({
    name: `opcode 0x${opcode.toString(16)}`,
    message: new RegExp(`opcode 0x${opcode.toString(16)}, which no target sends`),
    act: (target) => target.send(opcode, NopIn),
  })),
  {
    name: "a Reject of our command, with another CDB",
    rule: "A75",
    message: /rejects a PDU of opcode 0x01: protocol error/,
    act: (target, tag) =>
      reject(target, 4, { initiatorTaskTag: tag, cmdSN: 1, cdb: Uint8Array.of(0x2a) }),
  },
  {
    name: "a Reject of our command, with another CmdSN",
    rule: "A75",
    message: /rejects a PDU of opcode 0x01/,
    act: (target, tag) =>
      reject(target, 4, { initiatorTaskTag: tag, cmdSN: 9, cdb: Uint8Array.of(0x28) }),
  },
  {
    name: "a Reject of our command",
    rule: "A75",
    kind: "refused",
    message: /the target rejects the command: invalid pdu field/,
    act: (target, tag) =>
      reject(target, 9, { initiatorTaskTag: tag, cmdSN: 1, cdb: Uint8Array.of(0x28) }),
  },
  {
    name: "a Reject of a command that is none of ours",
    rule: "A75",
    message: /rejects a PDU of opcode 0x01: task in progress/,
    act: (target) => reject(target, 7, { initiatorTaskTag: 1234, cmdSN: 1 }),
  },
  {
    name: "a Reject of data",
    isWrite: true,
    message: /rejects a PDU of opcode 0x05: data digest error/,
    act: (target, tag) => reject(target, 2, { opcode: Opcode.DATA_OUT, initiatorTaskTag: tag }),
  },
  {
    name: "a Reject of a vendor's reason, without a header",
    message: /rejects a PDU: reason 0x77/,
    act: (target) => reject(target, 0x77, {}, 20),
  },
  {
    name: "an event with sense data that is too short",
    rule: "A72",
    message: /an event with 0 octets of data has no sense data/,
    act: (target) =>
      target.send(Opcode.ASYNC_MESSAGE, AsyncMessage, { statSN: target.takeStatSN() }),
  },
  {
    name: "silence",
    message: /the target has not been heard for 5000 ms/,
    act: async (target) => await target.expectEnd(),
  },
  {
    name: "half a header",
    message: /has not been heard/,
    act: async (target, tag) => {
      const pdu = target.pdu(Opcode.DATA_IN, DataIn, { initiatorTaskTag: tag }, FULL);
      await target.sendRaw(pdu.subarray(0, 20));
    },
  },
  {
    name: "half of the data",
    message: /has not been heard/,
    act: async (target, tag) => {
      const pdu = target.pdu(Opcode.DATA_IN, DataIn, { initiatorTaskTag: tag }, FULL);
      await target.sendRaw(pdu.subarray(0, 2000));
    },
  },
  {
    name: "the end of the connection",
    message: /closed by the peer/,
    act: (target) => Promise.resolve(target.stream.close()),
  },
];

testAttacks(ATTACKS);
