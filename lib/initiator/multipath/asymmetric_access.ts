/**
 * Asymmetric logical unit access: how well a group of a target's ports reaches a unit. SPC-4 5.15,
 * 6.37.
 */
import { Status } from "../../scsi/status.ts";
import { bits, layout, u16, u8 } from "../../wire/layout.ts";
import type { CommandRequest, CommandResult } from "../command.ts";
import { inquiry } from "../unit_commands.ts";

export const AccessState = {
  ACTIVE_OPTIMIZED: 0x0,
  ACTIVE_NON_OPTIMIZED: 0x1,
  STANDBY: 0x2,
  UNAVAILABLE: 0x3,
  LOGICAL_BLOCK_DEPENDENT: 0x4,
  OFFLINE: 0xe,
  TRANSITIONING: 0xf,
} as const;

interface Meaning {
  readonly name: string;
  /** Less is better; without one no command that moves blocks is carried out there. */
  readonly rank?: number;
}

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [AccessState.ACTIVE_OPTIMIZED, { name: "active/optimized", rank: 0 }],
  [AccessState.ACTIVE_NON_OPTIMIZED, { name: "active/non-optimized", rank: 1 }],
  [AccessState.STANDBY, { name: "standby" }],
  [AccessState.UNAVAILABLE, { name: "unavailable" }],
  [AccessState.LOGICAL_BLOCK_DEPENDENT, { name: "logical block dependent", rank: 0 }],
  [AccessState.OFFLINE, { name: "offline" }],
  [AccessState.TRANSITIONING, { name: "transitioning" }],
]);

export function accessRank(state: number): number | undefined {
  return MEANINGS.get(state)?.rank;
}

export function accessName(state: number): string {
  return MEANINGS.get(state)?.name ?? `state ${state}`;
}

/** What one path tells. */
export interface Access {
  /** The group of the port that the path goes to. */
  readonly portGroup: number;
  /** The state of each group. */
  readonly states: ReadonlyMap<number, number>;
}

const TPGS_AT = 5;
const TPGS_MASK = 0x30;
const STANDARD_LENGTH = 36;
const DEVICE_IDENTIFICATION = 0x83;
const PAGE_LENGTH = 1024;

const DesignatorHeader = layout(4, {
  association: bits(1, 0x30),
  designatorType: bits(1, 0x0f),
  designatorLength: u8(3),
});
const TARGET_PORT = 1;
const TARGET_PORT_GROUP = 5;
/** The number is in the last two of four octets. */
const GROUP_AT = 2;

const GroupDescriptor = layout(8, {
  asymmetricAccessState: bits(0, 0x0f),
  targetPortGroup: u16(2),
  targetPortCount: u8(7),
});
const PORT_LENGTH = 4;
const LIST_HEADER_LENGTH = 4;
const LIST_LENGTH = 2048;

type Ask = (request: CommandRequest) => Promise<CommandResult>;

/** Undefined: the target has no such groups, or does not tell. */
export async function askAccess(ask: Ask): Promise<Access | undefined> {
  const standard = new Uint8Array(STANDARD_LENGTH);
  await ask({ cdb: inquiry(standard.length), dataIn: standard });
  if ((standard[TPGS_AT]! & TPGS_MASK) === 0) return undefined;
  const page = new Uint8Array(PAGE_LENGTH);
  const told = await ask({ cdb: inquiry(page.length, DEVICE_IDENTIFICATION), dataIn: page });
  const portGroup = portGroupIn(page.subarray(0, told.transferred));
  const list = new Uint8Array(LIST_LENGTH);
  const { status, transferred } = await ask({ cdb: reportTargetPortGroups(), dataIn: list });
  if (portGroup === undefined || status !== Status.GOOD) return undefined;
  return { portGroup, states: statesIn(list.subarray(0, transferred)) };
}

/** Service action 0Ah of MAINTENANCE IN. */
function reportTargetPortGroups(): Uint8Array {
  const cdb = new Uint8Array(12);
  cdb[0] = 0xa3;
  cdb[1] = 0x0a;
  new DataView(cdb.buffer).setUint32(6, LIST_LENGTH);
  return cdb;
}

/** Lengths that any target states are not trusted. */
function portGroupIn(page: Uint8Array): number | undefined {
  if (page.length < 4) return undefined;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const end = Math.min(page.length, 4 + view.getUint16(2));
  const header = new DesignatorHeader(page);
  for (let at = 4; at + DesignatorHeader.length + 4 <= end;) {
    header.base = at;
    const { association, designatorType, designatorLength } = header;
    at += DesignatorHeader.length;
    if (association === TARGET_PORT && designatorType === TARGET_PORT_GROUP) {
      return view.getUint16(at + GROUP_AT);
    }
    at += designatorLength;
  }
  return undefined;
}

function statesIn(list: Uint8Array): Map<number, number> {
  const states = new Map<number, number>();
  if (list.length < LIST_HEADER_LENGTH) return states;
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const end = Math.min(list.length, LIST_HEADER_LENGTH + view.getUint32(0));
  const group = new GroupDescriptor(list);
  for (let at = LIST_HEADER_LENGTH; at + GroupDescriptor.length <= end;) {
    group.base = at;
    states.set(group.targetPortGroup, group.asymmetricAccessState);
    at += GroupDescriptor.length + group.targetPortCount * PORT_LENGTH;
  }
  return states;
}
