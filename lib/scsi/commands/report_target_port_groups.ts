/** REPORT TARGET PORT GROUPS: there is one, and it is active and optimized. SPC-4 6.37. */
import { bits, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import { TARGET_PORT_GROUP } from "../target_port_group.ts";
import type { Step, Task } from "../task.ts";

const ReportTargetPortGroupsCdb = layout(12, {
  parameterDataFormat: bits(1, 0xe0),
  allocationLength: u32(6),
});

const LengthOnlyHeader = layout(4, { returnDataLength: u32(0) });
const ExtendedHeader = layout(8, {
  returnDataLength: u32(0),
  formatType: bits(4, 0x70),
  implicitTransitionTime: u8(5),
});

const TargetPortGroupDescriptor = layout(12, {
  pref: flag(0, 7),
  asymmetricAccessState: bits(0, 0x0f),
  aoSup: flag(1, 0), // active/optimized is the one state that occurs
  targetPortGroup: u16(2),
  statusCode: u8(5),
  targetPortCount: u8(7),
  relativeTargetPortIdentifier: u16(10), // of the first and only port
});

/** PARAMETER DATA FORMAT. */
const Format = { LENGTH_ONLY: 0, EXTENDED: 1 } as const;
const ACTIVE_OPTIMIZED = 0;

export const reportTargetPortGroupsCommands: readonly Command[] = [{
  name: "REPORT TARGET PORT GROUPS",
  opcode: 0xa3,
  serviceAction: 0x0a,
  usage: "a3 ea 00 00 00 00 ff ff ff ff 00 00",
  access: Access.ALWAYS,
  execute: reportTargetPortGroups,
}];

function reportTargetPortGroups(task: Task): Step {
  const { parameterDataFormat, allocationLength } = new ReportTargetPortGroupsCdb(task.cdb);
  if (parameterDataFormat > Format.EXTENDED) return task.fail(invalidFieldInCdb(1, 7));
  const extended = parameterDataFormat === Format.EXTENDED;
  const headerLength = extended ? ExtendedHeader.length : LengthOnlyHeader.length;
  const octets = new Uint8Array(headerLength + TargetPortGroupDescriptor.length);
  new LengthOnlyHeader(octets).returnDataLength = octets.length - LengthOnlyHeader.length;
  if (extended) new ExtendedHeader(octets).formatType = Format.EXTENDED;
  const group = new TargetPortGroupDescriptor(octets, headerLength);
  group.asymmetricAccessState = ACTIVE_OPTIMIZED;
  group.aoSup = true;
  group.targetPortGroup = TARGET_PORT_GROUP;
  group.targetPortCount = 1;
  group.relativeTargetPortIdentifier = task.nexus.relativeTargetPort;
  return task.send(octets, allocationLength);
}
