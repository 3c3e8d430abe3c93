/**
 * Makes blocks read as zeros, giving their space back where the unit lets us be sure of the zeros:
 * WRITE SAME with UNMAP, whose result is defined; UNMAP, which is but a request, where what it did
 * can be asked; else zeros are written. SBC-3.
 */
import type { DeviceError } from "../block/device.ts";
import { UnmapBlockDescriptor, UnmapParameterList } from "../scsi/commands/unmap.ts";
import { SenseKey } from "../scsi/sense.ts";
import { Status } from "../scsi/status.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import { remoteExtents } from "./remote_extents.ts";
import { unmap, writeSame16 } from "./unit_commands.ts";
import type { UnitFacts } from "./unit_facts.ts";

export interface ZeroingUnit {
  readonly facts: UnitFacts;
  execute(request: CommandRequest): Promise<CommandResult>;
  write(offset: number, zeros: Uint8Array): Promise<void>;
  /** The status means that it failed. */
  failed(result: CommandResult): DeviceError;
}

/** Octets of one WRITE SAME where the unit states no limit. */
const WRITE_SAME_OCTETS = 32 << 20;
/** Blocks that a WRITE SAME(16) or an UNMAP descriptor can count. */
const MOST_BLOCKS = 0xffff_ffff;
const ZEROS_AT_ONCE = 1 << 20;
/** Extents that one look at what UNMAP did may find. */
const MOST_EXTENTS = 1024;

/** `offset` and `length` are of whole blocks. */
export async function zeroBlocks(unit: ZeroingUnit, offset: number, length: number): Promise<void> {
  const { provisioning } = unit.facts;
  if (provisioning.doesWriteSameUnmap && provisioning.readsZeros) {
    if (await writeSame(unit, offset, length)) return;
  } else if (provisioning.doesUnmap && provisioning.readsZeros) {
    if (await unmapAndSee(unit, offset, length)) return;
  }
  await writeZeros(unit, offset, length);
}

/** False if the unit does not know the command after all. */
async function writeSame(unit: ZeroingUnit, offset: number, length: number): Promise<boolean> {
  const { blockLength, limits } = unit.facts;
  const stated = limits.maximumWriteSameLength || WRITE_SAME_OCTETS / blockLength;
  const most = Math.max(1, Math.min(stated, MOST_BLOCKS)) * blockLength;
  const zeros = new Uint8Array(blockLength);
  for (let at = offset; at < offset + length; at += most) {
    const count = Math.min(most, offset + length - at) / blockLength;
    const request = { cdb: writeSame16(at / blockLength, count, true), dataOut: zeros };
    const result = await unit.execute(request);
    if (isUnknown(result) && at === offset) return false;
    if (result.status !== Status.GOOD) throw unit.failed(result);
  }
  return true;
}

/** False if the unit does not know the commands after all. */
async function unmapAndSee(unit: ZeroingUnit, offset: number, length: number): Promise<boolean> {
  const { blockLength, limits } = unit.facts;
  const most = Math.max(1, Math.min(limits.maximumUnmapLbaCount, MOST_BLOCKS)) * blockLength;
  const list = new Uint8Array(UnmapParameterList.length + UnmapBlockDescriptor.length);
  const header = new UnmapParameterList(list);
  header.unmapDataLength = list.length - 2;
  header.unmapBlockDescriptorDataLength = UnmapBlockDescriptor.length;
  const descriptor = new UnmapBlockDescriptor(list, UnmapParameterList.length);
  for (let at = offset; at < offset + length; at += most) {
    descriptor.logicalBlockAddress = at / blockLength;
    descriptor.blockCount = Math.min(most, offset + length - at) / blockLength;
    const result = await unit.execute({ cdb: unmap(list.length), dataOut: list });
    if (isUnknown(result) && at === offset) return false;
    if (result.status !== Status.GOOD) throw unit.failed(result);
  }
  await zeroMapped(unit, offset, length);
  return true;
}

/** What the unit has kept is written over. */
async function zeroMapped(unit: ZeroingUnit, offset: number, length: number): Promise<void> {
  const end = offset + length;
  for (let at = offset; at < end;) {
    const range = { offset: at, length: end - at, limit: MOST_EXTENTS };
    const runs = await remoteExtents(unit.facts, (request) => unit.execute(request), range);
    for (const run of runs) {
      if (run.mapped) await writeZeros(unit, run.offset, run.length);
      at = run.offset + run.length;
    }
  }
}

async function writeZeros(unit: ZeroingUnit, offset: number, length: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(length, ZEROS_AT_ONCE));
  for (let at = offset; at < offset + length; at += zeros.length) {
    await unit.write(at, zeros.subarray(0, Math.min(zeros.length, offset + length - at)));
  }
}

function isUnknown({ status, sense }: CommandResult): boolean {
  return status === Status.CHECK_CONDITION && sense?.key === SenseKey.ILLEGAL_REQUEST;
}
