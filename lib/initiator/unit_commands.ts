/** CDBs as an initiator makes them, from the layouts by which a target reads them. SPC-4, SBC-3. */
import { GetLbaStatusCdb } from "../scsi/commands/get_lba_status.ts";
import { InquiryCdb } from "../scsi/commands/inquiry.ts";
import { ReadCapacity16Cdb } from "../scsi/commands/read_capacity.ts";
import { ReportLunsCdb } from "../scsi/commands/report_luns.ts";
import { Cdb10, Cdb16 } from "../scsi/lba.ts";
import type { Fields, Layout, View } from "../wire/layout.ts";

const CDB_LENGTH = 16;

const FUA = 0x08;
const UNMAP = 0x08;

/** Counts and addresses from here on need the forms of 16 octets. */
const BLOCKS_OF_10 = 0x1_0000;
const LBAS_OF_10 = 0x1_0000_0000;

function cdb<F extends Fields>(
  layout: Layout<F>,
  opcode: number,
  fields: Partial<Omit<View<F>, "view" | "base">>,
  second = 0,
): Uint8Array {
  const octets = new Uint8Array(CDB_LENGTH);
  Object.assign(new layout(octets), fields);
  octets[0] = opcode;
  octets[1]! |= second;
  return octets;
}

export const TEST_UNIT_READY: Uint8Array = new Uint8Array(6);

/** Standard data without a page code, else that page of vital product data. */
export function inquiry(allocationLength: number, pageCode?: number): Uint8Array {
  const evpd = pageCode !== undefined;
  return cdb(InquiryCdb, 0x12, { evpd, pageCode: pageCode ?? 0, allocationLength });
}

export function reportLuns(allocationLength: number): Uint8Array {
  return cdb(ReportLunsCdb, 0xa0, { allocationLength });
}

export const READ_CAPACITY_10: Uint8Array = Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);

export function readCapacity16(allocationLength: number): Uint8Array {
  return cdb(ReadCapacity16Cdb, 0x9e, { allocationLength }, 0x10);
}

/** MODE SENSE(6), current values, no block descriptors. SPC-4 6.13. */
export function modeSense6(pageCode: number, allocationLength: number): Uint8Array {
  return Uint8Array.of(0x1a, 0x08, pageCode, 0, allocationLength, 0);
}

/** Commands about blocks are made often: laid out here, and copied. */
const octets10 = new Uint8Array(CDB_LENGTH);
const octets16 = new Uint8Array(CDB_LENGTH);
const made10 = new Cdb10(octets10);
const made16 = new Cdb16(octets16);

/** A command about blocks, in the shorter of its two forms that holds them. */
function blocks(
  [opcode10, opcode16]: readonly [number, number],
  logicalBlockAddress: number,
  blockCount: number,
  second = 0,
): Uint8Array {
  const isLong = logicalBlockAddress + blockCount > LBAS_OF_10 || blockCount >= BLOCKS_OF_10;
  const made = isLong ? made16 : made10;
  made.logicalBlockAddress = logicalBlockAddress;
  made.blockCount = blockCount;
  const octets = new Uint8Array(CDB_LENGTH);
  octets.set(isLong ? octets16 : octets10); // slice() takes three times as long
  octets[0] = isLong ? opcode16 : opcode10;
  octets[1] = second;
  return octets;
}

export function read(logicalBlockAddress: number, blockCount: number): Uint8Array {
  return blocks([0x28, 0x88], logicalBlockAddress, blockCount);
}

/** With FUA it is on the medium when its status comes. SBC-3. */
export function write(
  logicalBlockAddress: number,
  blockCount: number,
  forceUnitAccess = false,
): Uint8Array {
  return blocks([0x2a, 0x8a], logicalBlockAddress, blockCount, forceUnitAccess ? FUA : 0);
}

/** Of all blocks: a count of zero reaches to the last. SBC-3. */
export function synchronizeCache(): Uint8Array {
  return blocks([0x35, 0x91], 0, 0);
}

/** One block to many places; with UNMAP they may be deallocated instead. SBC-3. */
export function writeSame16(
  logicalBlockAddress: number,
  blockCount: number,
  unmap: boolean,
): Uint8Array {
  return cdb(Cdb16, 0x93, { logicalBlockAddress, blockCount }, unmap ? UNMAP : 0);
}

export function unmap(parameterListLength: number): Uint8Array {
  const octets = new Uint8Array(10);
  octets[0] = 0x42;
  new DataView(octets.buffer).setUint16(7, parameterListLength);
  return octets;
}

export function getLbaStatus(
  startingLogicalBlockAddress: number,
  allocationLength: number,
): Uint8Array {
  return cdb(GetLbaStatusCdb, 0x9e, { startingLogicalBlockAddress, allocationLength }, 0x12);
}
