/** Which blocks of a unit hold data, by GET LBA STATUS. SBC-3. Where it does not tell, all do. */
import type { Extent } from "../block/device.ts";
import {
  GetLbaStatusData,
  LbaStatusDescriptor,
  ProvisioningStatus,
} from "../scsi/commands/get_lba_status.ts";
import { Status } from "../scsi/status.ts";
import { getLbaStatus } from "./unit_commands.ts";
import type { Ask, UnitFacts } from "./unit_facts.ts";

export interface ExtentsRange {
  readonly offset: number;
  readonly length: number;
  /** Extents at most. */
  readonly limit: number;
}

const MOST_DESCRIPTORS = 256;

export async function remoteExtents(
  facts: UnitFacts,
  ask: Ask,
  { offset, length, limit }: ExtentsRange,
): Promise<Extent[]> {
  const { isThin, readsZeros } = facts.provisioning;
  const whole = [{ offset, length, mapped: true }];
  // What is unmapped is of no interest where it may read as anything.
  if (!isThin || !readsZeros || length === 0) return length === 0 ? [] : whole;
  const count = Math.min(limit, MOST_DESCRIPTORS);
  const octets = new Uint8Array(GetLbaStatusData.length + count * LbaStatusDescriptor.length);
  const first = Math.floor(offset / facts.blockLength);
  const cdb = getLbaStatus(first, octets.length);
  const { status, transferred } = await ask({ cdb, dataIn: octets });
  if (status !== Status.GOOD) return whole;
  const runs = readDescriptors(octets.subarray(0, transferred), first, facts.blockLength);
  const cut = runs.map((run) => intersection(run, offset, offset + length))
    .filter((run) => run.length > 0);
  return cut.length === 0 ? whole : cut;
}

/** As far as they follow each other without a gap: what comes behind one is not to be relied on. */
function readDescriptors(octets: Uint8Array, first: number, blockLength: number): Extent[] {
  if (octets.length < GetLbaStatusData.length) return [];
  const stated = new GetLbaStatusData(octets).parameterDataLength + 4;
  const end = Math.min(stated, octets.length);
  const runs: Extent[] = [];
  let next = first;
  const { length } = LbaStatusDescriptor;
  for (let at = GetLbaStatusData.length; at + length <= end; at += length) {
    const { logicalBlockAddress, blockCount, provisioningStatus } = new LbaStatusDescriptor(
      octets,
      at,
    );
    if (logicalBlockAddress !== next || blockCount === 0) break;
    next += blockCount;
    const mapped = provisioningStatus !== ProvisioningStatus.DEALLOCATED;
    runs.push({
      offset: logicalBlockAddress * blockLength,
      length: blockCount * blockLength,
      mapped,
    });
  }
  return runs;
}

function intersection(run: Extent, start: number, end: number): Extent {
  const from = Math.max(run.offset, start);
  return {
    ...run,
    offset: from,
    length: Math.max(0, Math.min(run.offset + run.length, end) - from),
  };
}
