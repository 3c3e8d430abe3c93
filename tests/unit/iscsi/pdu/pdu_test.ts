import assert from "node:assert/strict";
import { Opcode } from "../../../../lib/iscsi/opcode.ts";
import { AsyncMessage } from "../../../../lib/iscsi/pdu/async_message.ts";
import { DataIn } from "../../../../lib/iscsi/pdu/data_in.ts";
import { DataOut } from "../../../../lib/iscsi/pdu/data_out.ts";
import { LoginRequest } from "../../../../lib/iscsi/pdu/login_request.ts";
import { LoginResponse } from "../../../../lib/iscsi/pdu/login_response.ts";
import { LogoutRequest } from "../../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutResponse } from "../../../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../../../lib/iscsi/pdu/nop_in.ts";
import { NopOut } from "../../../../lib/iscsi/pdu/nop_out.ts";
import { ReadyToTransfer } from "../../../../lib/iscsi/pdu/ready_to_transfer.ts";
import { Reject } from "../../../../lib/iscsi/pdu/reject.ts";
import { ScsiCommand } from "../../../../lib/iscsi/pdu/scsi_command.ts";
import { ScsiResponse } from "../../../../lib/iscsi/pdu/scsi_response.ts";
import { SnackRequest } from "../../../../lib/iscsi/pdu/snack_request.ts";
import { TaskManagementRequest } from "../../../../lib/iscsi/pdu/task_management_request.ts";
import { TaskManagementResponse } from "../../../../lib/iscsi/pdu/task_management_response.ts";
import { TextRequest } from "../../../../lib/iscsi/pdu/text_request.ts";
import { TextResponse } from "../../../../lib/iscsi/pdu/text_response.ts";
import type { Fields, Layout } from "../../../../lib/wire/layout.ts";
import { testCodec, type WireRecord } from "../../../support/codec.ts";

/** What most PDUs have in common. */
const BASIC = { immediate: false, totalAHSLength: 0, dataSegmentLength: 0 };
const NO_LUN = "0000000000000000";
const NONE = 0xffffffff;

const tested = new Set<string>();

function testPdu<F extends Fields>(file: string, layout: Layout<F>, record: WireRecord<F>): void {
  tested.add(`${file}.ts`);
  testCodec(file, layout, `pdu/${file}.hex`, record);
}

testPdu("scsi_command", ScsiCommand, {
  ...BASIC,
  opcode: Opcode.SCSI_COMMAND,
  final: true,
  read: true,
  write: false,
  attribute: 1,
  lun: "0001000000000000",
  initiatorTaskTag: 0x1234,
  expectedDataTransferLength: 1024,
  cmdSN: 0xfffffff0,
  expStatSN: 0x18,
  cdb: "28000000002a00000200000000000000",
});

testPdu("scsi_response", ScsiResponse, {
  ...BASIC,
  opcode: Opcode.SCSI_RESPONSE,
  dataSegmentLength: 20,
  final: true,
  bidirectionalOverflow: false,
  bidirectionalUnderflow: true,
  overflow: false,
  underflow: true,
  response: 0,
  status: 2,
  lun: NO_LUN,
  initiatorTaskTag: 0x1234,
  snackTag: 0x0a0b0c0d,
  statSN: 0x19,
  expCmdSN: 0xfffffff1,
  maxCmdSN: 0x71,
  expDataSN: 3,
  bidirectionalReadResidualCount: 256,
  residualCount: 512,
});

testPdu("task_management_request", TaskManagementRequest, {
  ...BASIC,
  immediate: true,
  opcode: Opcode.TASK_MANAGEMENT_REQUEST,
  final: true,
  functionCode: 1,
  lun: "0002000000000000",
  initiatorTaskTag: 7,
  referencedTaskTag: 6,
  cmdSN: 0x20,
  expStatSN: 0x21,
  refCmdSN: 0x1f,
  expDataSN: 5,
});

testPdu("task_management_response", TaskManagementResponse, {
  ...BASIC,
  opcode: Opcode.TASK_MANAGEMENT_RESPONSE,
  final: true,
  response: 1,
  lun: NO_LUN,
  initiatorTaskTag: 7,
  statSN: 0x22,
  expCmdSN: 0x20,
  maxCmdSN: 0x9f,
});

testPdu("data_out", DataOut, {
  ...BASIC,
  opcode: Opcode.DATA_OUT,
  dataSegmentLength: 4096,
  final: true,
  lun: "0003000000000000",
  initiatorTaskTag: 8,
  targetTransferTag: 0x51,
  expStatSN: 0x23,
  dataSN: 4,
  bufferOffset: 8192,
});

testPdu("data_in", DataIn, {
  ...BASIC,
  opcode: Opcode.DATA_IN,
  dataSegmentLength: 12,
  final: true,
  acknowledge: true,
  overflow: false,
  underflow: true,
  hasStatus: true,
  status: 8,
  lun: "0004000000000000",
  initiatorTaskTag: 9,
  targetTransferTag: NONE,
  statSN: 0x24,
  expCmdSN: 0x25,
  maxCmdSN: 0x26,
  dataSN: 0x27,
  bufferOffset: 0x2800,
  residualCount: 0x29,
});

testPdu("ready_to_transfer", ReadyToTransfer, {
  ...BASIC,
  opcode: Opcode.READY_TO_TRANSFER,
  final: true,
  lun: "0005000000000000",
  initiatorTaskTag: 10,
  targetTransferTag: 0x52,
  statSN: 0x2a,
  expCmdSN: 0x2b,
  maxCmdSN: 0x2c,
  r2tSN: 1,
  bufferOffset: 65536,
  desiredDataTransferLength: 262144,
});

testPdu("async_message", AsyncMessage, {
  ...BASIC,
  opcode: Opcode.ASYNC_MESSAGE,
  final: true,
  lun: NO_LUN,
  initiatorTaskTag: NONE,
  statSN: 0x2d,
  expCmdSN: 0x2e,
  maxCmdSN: 0x2f,
  asyncEvent: 1,
  asyncVCode: 2,
  parameter1: 3,
  parameter2: 4,
  parameter3: 30,
});

testPdu("text_request", TextRequest, {
  ...BASIC,
  opcode: Opcode.TEXT_REQUEST,
  dataSegmentLength: 16,
  final: false,
  continue: true,
  lun: "0006000000000000",
  initiatorTaskTag: 11,
  targetTransferTag: 0x53,
  cmdSN: 0x30,
  expStatSN: 0x31,
});

testPdu("text_response", TextResponse, {
  ...BASIC,
  opcode: Opcode.TEXT_RESPONSE,
  dataSegmentLength: 80,
  final: true,
  continue: false,
  lun: "0006000000000000",
  initiatorTaskTag: 11,
  targetTransferTag: NONE,
  statSN: 0x32,
  expCmdSN: 0x33,
  maxCmdSN: 0x34,
});

testPdu("login_request", LoginRequest, {
  ...BASIC,
  immediate: true,
  opcode: Opcode.LOGIN_REQUEST,
  dataSegmentLength: 291,
  transit: true,
  continue: false,
  currentStage: 1,
  nextStage: 3,
  versionMax: 2,
  versionMin: 1,
  isid: "400102030004",
  tsih: 0xabcd,
  initiatorTaskTag: 12,
  cid: 5,
  cmdSN: 0x35,
  expStatSN: 0x36,
});

testPdu("login_response", LoginResponse, {
  ...BASIC,
  opcode: Opcode.LOGIN_RESPONSE,
  transit: false,
  continue: true,
  currentStage: 1,
  nextStage: 0,
  versionMax: 3,
  versionActive: 0,
  isid: "400102030004",
  tsih: 0xabcd,
  initiatorTaskTag: 12,
  statSN: 0x37,
  expCmdSN: 0x38,
  maxCmdSN: 0x39,
  statusClass: 2,
  statusDetail: 3,
});

testPdu("logout_request", LogoutRequest, {
  ...BASIC,
  immediate: true,
  opcode: Opcode.LOGOUT_REQUEST,
  final: true,
  reason: 1,
  lun: NO_LUN,
  initiatorTaskTag: 13,
  cid: 6,
  cmdSN: 0x3a,
  expStatSN: 0x3b,
});

testPdu("logout_response", LogoutResponse, {
  ...BASIC,
  opcode: Opcode.LOGOUT_RESPONSE,
  final: true,
  response: 1,
  lun: NO_LUN,
  initiatorTaskTag: 13,
  statSN: 0x3c,
  expCmdSN: 0x3d,
  maxCmdSN: 0x3e,
  time2Wait: 2,
  time2Retain: 20,
});

testPdu("snack_request", SnackRequest, {
  ...BASIC,
  opcode: Opcode.SNACK_REQUEST,
  final: true,
  type: 2,
  lun: "0007000000000000",
  initiatorTaskTag: 14,
  targetTransferTag: 0x54,
  expStatSN: 0x3f,
  begRun: 0x40,
  runLength: 0x41,
});

testPdu("reject", Reject, {
  ...BASIC,
  opcode: Opcode.REJECT,
  dataSegmentLength: 48,
  final: true,
  reason: 2,
  lun: NO_LUN,
  initiatorTaskTag: NONE,
  statSN: 0x42,
  expCmdSN: 0x43,
  maxCmdSN: 0x44,
  dataSN: 0x45,
});

testPdu("nop_out", NopOut, {
  ...BASIC,
  immediate: true,
  opcode: Opcode.NOP_OUT,
  dataSegmentLength: 4,
  final: true,
  lun: "0008000000000000",
  initiatorTaskTag: NONE,
  targetTransferTag: 0x55,
  cmdSN: 0x46,
  expStatSN: 0x47,
});

testPdu("nop_in", NopIn, {
  ...BASIC,
  opcode: Opcode.NOP_IN,
  dataSegmentLength: 4,
  final: true,
  lun: "0009000000000000",
  initiatorTaskTag: 15,
  targetTransferTag: NONE,
  statSN: 0x48,
  expCmdSN: 0x49,
  maxCmdSN: 0x4a,
});

Deno.test("A148: every PDU of lib/iscsi/pdu is tested here", async () => {
  const folder = new URL("../../../../lib/iscsi/pdu/", import.meta.url);
  const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  assert.deepEqual([...tested].toSorted(), files.toSorted());
});
