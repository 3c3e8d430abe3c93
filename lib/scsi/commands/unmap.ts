/**
 * UNMAP: blocks that the initiator needs no more give their space back, and read as zeros. SBC-3.
 */
import { slices, UNMAP_SLICE_LENGTH } from "../../block/slices.ts";
import { layout, u16, u32, u64 } from "../../wire/layout.ts";
import { BlockLimits } from "../block_limits.ts";
import { Access, type Command } from "../command.ts";
import { endWrite } from "../flush.ts";
import { inRange } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  INVALID_FIELD_IN_PARAMETER_LIST,
  LBA_OUT_OF_RANGE,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
  withField,
} from "../sense.ts";
import type { Step, Task } from "../task.ts";
import { unmapShared } from "../transfer.ts";

/** UNMAP parameter list: its header, and behind it the descriptors. */
export const UnmapParameterList = layout(8, {
  unmapDataLength: u16(0), // octets that follow it
  unmapBlockDescriptorDataLength: u16(2),
});

export const UnmapBlockDescriptor = layout(16, {
  logicalBlockAddress: u64(0),
  blockCount: u32(8),
});

function execute(task: Task): Step {
  const parameterListLength = task.view.getUint16(7);
  if (parameterListLength === 0) return task.done();
  if (parameterListLength < UnmapParameterList.length) {
    return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  }
  return task.collect(parameterListLength, finish);
}

/** The whole list is in order before the first block is unmapped. */
function finish(task: Task, unit: LogicalUnit): Step {
  // Part of a list that its sender cut short is not acted upon.
  if (task.length < task.view.getUint16(7)) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  const list = task.data.subarray(0, task.length);
  const header = new UnmapParameterList(list);
  if (
    header.unmapDataLength + 2 > list.length ||
    header.unmapBlockDescriptorDataLength + UnmapParameterList.length > list.length
  ) {
    return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  }
  const descriptors = descriptorCount(list);
  const fault = faultOf(list, descriptors, unit);
  return fault === undefined ? task.wait(unmap(task, unit, descriptors)) : task.fail(fault);
}

/** Octets behind the last whole descriptor are ignored. */
function descriptorCount(list: Uint8Array): number {
  const { unmapBlockDescriptorDataLength } = new UnmapParameterList(list);
  return Math.floor(unmapBlockDescriptorDataLength / UnmapBlockDescriptor.length);
}

function faultOf(list: Uint8Array, descriptors: number, unit: LogicalUnit): Sense | undefined {
  const header = new UnmapParameterList(list);
  const needed = header.unmapBlockDescriptorDataLength + UnmapParameterList.length - 2;
  const inconsistent = header.unmapBlockDescriptorDataLength > 0 && header.unmapDataLength < needed;
  if (inconsistent) return inList(0);
  if (descriptors > BlockLimits.unmapDescriptors) return inList(2);
  let blockCount = 0;
  for (let index = 0; index < descriptors; index++) {
    const descriptor = descriptorAt(list, index);
    if (!inRange(unit, descriptor.logicalBlockAddress, descriptor.blockCount)) {
      return LBA_OUT_OF_RANGE;
    }
    blockCount += descriptor.blockCount;
    if (blockCount > BlockLimits.unmapBlocks) return inList(descriptor.base + 8);
  }
  return undefined;
}

function descriptorAt(list: Uint8Array, index: number) {
  const at = UnmapParameterList.length + index * UnmapBlockDescriptor.length;
  return new UnmapBlockDescriptor(list, at);
}

function inList(octet: number): Sense {
  return withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", octet });
}

async function unmap(task: Task, unit: LogicalUnit, descriptors: number): Promise<Step> {
  for (let index = 0; index < descriptors; index++) {
    const { logicalBlockAddress, blockCount } = descriptorAt(task.data, index);
    const offset = logicalBlockAddress * unit.blockLength;
    const length = blockCount * unit.blockLength;
    for await (const slice of slices(task, offset, length, UNMAP_SLICE_LENGTH)) {
      await unmapShared(task, unit, slice.offset, slice.length);
    }
  }
  return await endWrite(task, unit, !unit.mode.writeCacheEnabled);
}

export const unmaps: readonly Command[] = [{
  name: "UNMAP",
  opcode: 0x42,
  // ANCHOR must be zero, as no block can be anchored.
  usage: "42 00 00 00 00 00 1f ff ff 00",
  access: Access.WRITE,
  writes: true,
  medium: true,
  offered: (unit) => unit.thin,
  execute,
}];
