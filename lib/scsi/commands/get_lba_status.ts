/**
 * GET LBA STATUS, service action 12h of SERVICE ACTION IN(16): which blocks take space. SBC-3 5.4.
 * The first descriptor begins at the block that is asked for; of the rest there are as many as
 * there is room for, or fewer.
 */
import { layout, u32, u64, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { inRange } from "../lba.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { type ProvisioningRun, provisioningRuns } from "../provisioning.ts";
import { LBA_OUT_OF_RANGE } from "../sense.ts";
import type { Step, Task } from "../task.ts";

export const GetLbaStatusCdb = layout(16, {
  startingLogicalBlockAddress: u64(2),
  allocationLength: u32(10),
});

/** GET LBA STATUS parameter data: its header, and behind it the descriptors. */
export const GetLbaStatusData = layout(8, { parameterDataLength: u32(0) }); // octets that follow it

export const LbaStatusDescriptor = layout(16, {
  logicalBlockAddress: u64(0),
  blockCount: u32(8),
  provisioningStatus: u8(12),
});

/** PROVISIONING STATUS. Deallocated blocks read as zeros, LBPRZ being one. */
export const ProvisioningStatus = { MAPPED: 0, DEALLOCATED: 1 } as const;

/** Descriptors of one answer, at most. */
const MOST_DESCRIPTORS = 1024;

const cdb = new GetLbaStatusCdb();

function execute(task: Task, unit: LogicalUnit): Step {
  cdb.view = task.view;
  const { startingLogicalBlockAddress, allocationLength } = cdb;
  if (!inRange(unit, startingLogicalBlockAddress, 1)) return task.fail(LBA_OUT_OF_RANGE);
  return task.wait(report(task, unit, startingLogicalBlockAddress, allocationLength));
}

async function report(
  task: Task,
  unit: LogicalUnit,
  first: number,
  allocationLength: number,
): Promise<Step> {
  // There is always one, even if there is no room to send it whole.
  const room = (allocationLength - GetLbaStatusData.length) / LbaStatusDescriptor.length;
  const most = Math.min(Math.max(Math.floor(room), 1), MOST_DESCRIPTORS);
  const runs = await provisioningRuns(unit, first, most);
  return task.send(emit(runs.slice(0, most)), allocationLength);
}

function emit(runs: readonly ProvisioningRun[]): Uint8Array {
  const octets = new Uint8Array(GetLbaStatusData.length + runs.length * LbaStatusDescriptor.length);
  new GetLbaStatusData(octets).parameterDataLength = octets.length - 4;
  const descriptor = new LbaStatusDescriptor(octets, GetLbaStatusData.length);
  for (const run of runs) {
    descriptor.logicalBlockAddress = run.first;
    descriptor.blockCount = run.count;
    descriptor.provisioningStatus = run.mapped
      ? ProvisioningStatus.MAPPED
      : ProvisioningStatus.DEALLOCATED;
    descriptor.base += LbaStatusDescriptor.length;
  }
  return octets;
}

export const getLbaStatuses: readonly Command[] = [{
  name: "GET LBA STATUS",
  opcode: 0x9e,
  serviceAction: 0x12,
  usage: "9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 00",
  access: Access.READ,
  medium: true,
  execute,
}];
