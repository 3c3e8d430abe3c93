/** What a logical unit is: asked once when it is put to use, and again when it may have changed. */
import { ReadCapacity10Data, ReadCapacity16Data } from "../scsi/commands/read_capacity.ts";
import { StandardInquiryData } from "../scsi/commands/inquiry.ts";
import { CachingPage } from "../scsi/mode_pages.ts";
import { Form6 } from "../scsi/mode_parameters.ts";
import { Status } from "../scsi/status.ts";
import { BlockLimitsBody } from "../scsi/vpd/block_limits.ts";
import { LogicalBlockProvisioningBody } from "../scsi/vpd/logical_block_provisioning.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import { inquiry, modeSense6, READ_CAPACITY_10, readCapacity16 } from "./unit_commands.ts";
import { UnitError } from "./unit_error.ts";
import { unitNames } from "./unit_identity.ts";

/** PERIPHERAL DEVICE TYPE. SPC-4 6.6. */
export const DIRECT_ACCESS = 0x00;

export interface UnitFacts {
  readonly deviceType: number;
  readonly vendor: string;
  readonly product: string;
  readonly revision: string;
  readonly serialNumber: string;
  /** The name by which it is known again, from VPD page 83h; undefined where it has none. */
  readonly identity: string | undefined;
  /** All of its names there, the most reliable first. */
  readonly names: readonly string[];
  readonly blockLength: number;
  readonly blockCount: number;
  readonly physicalBlockLength: number;
  readonly isRemovable: boolean;
  readonly isWriteProtected: boolean;
  /** GOOD may come before the medium has the data. */
  readonly hasWriteCache: boolean;
  readonly doesForceUnitAccess: boolean;
  readonly limits: UnitLimits;
  readonly provisioning: Provisioning;
}

/** From VPD page B0h; zero where the unit states none. SBC-3 6.5. */
export interface UnitLimits {
  readonly maximumTransferLength: number;
  readonly optimalTransferLength: number;
  readonly maximumUnmapLbaCount: number;
  readonly maximumUnmapBlockDescriptorCount: number;
  readonly optimalUnmapGranularity: number;
  readonly maximumWriteSameLength: number;
}

export interface Provisioning {
  readonly isThin: boolean;
  /** Unmapped blocks read as zeros. */
  readonly readsZeros: boolean;
  readonly doesUnmap: boolean;
  /** WRITE SAME(16) with UNMAP. */
  readonly doesWriteSameUnmap: boolean;
}

/** Has the unit carry a command out, unit attentions out of the way; fails where it cannot. */
export type Ask = (request: CommandRequest) => Promise<CommandResult>;

const INQUIRY_LENGTH = 96;
const PAGE_LENGTH = 4096;
const VPD_HEADER_LENGTH = 4;
const SUPPORTED_PAGES = 0x00;
const SERIAL_NUMBER = 0x80;
const DEVICE_IDENTIFICATION = 0x83;
const BLOCK_LIMITS = 0xb0;
const LOGICAL_BLOCK_PROVISIONING = 0xb2;
const CACHING = 0x08;
/** CONNECTED of PERIPHERAL QUALIFIER. SPC-4 6.6. */
const CONNECTED = 0;
const NO_DEVICE_TYPE = 0x1f;
/** READ CAPACITY(10) says so where only (16) can tell. */
const TOO_LARGE = 0xffff_ffff;

export async function askFacts(ask: Ask): Promise<UnitFacts> {
  const standard = await askStandard(ask);
  const pages = new Set(await askPage(ask, SUPPORTED_PAGES) ?? []);
  const serial = await askPage(ask, SERIAL_NUMBER);
  const names = unitNames(await askPageWhole(ask, DEVICE_IDENTIFICATION) ?? new Uint8Array(0));
  const capacity = await askCapacity(ask);
  const limits = pages.has(BLOCK_LIMITS) ? await askPage(ask, BLOCK_LIMITS) : undefined;
  const provisioning = pages.has(LOGICAL_BLOCK_PROVISIONING)
    ? await askPage(ask, LOGICAL_BLOCK_PROVISIONING)
    : undefined;
  return {
    ...standard,
    ...capacity,
    ...await askMode(ask),
    serialNumber: serial === undefined ? "" : new TextDecoder("ascii").decode(serial).trim(),
    identity: names[0],
    names,
    limits: limitsOf(limits),
    provisioning: provisioningOf(provisioning, capacity),
  };
}

/** The part of the facts by which a unit is known again. */
export async function askIdentity(ask: Ask): Promise<readonly string[]> {
  return unitNames(await askPageWhole(ask, DEVICE_IDENTIFICATION) ?? new Uint8Array(0));
}

async function askStandard(ask: Ask) {
  const octets = new Uint8Array(INQUIRY_LENGTH);
  const { status, transferred } = await ask({ cdb: inquiry(INQUIRY_LENGTH), dataIn: octets });
  const data = new StandardInquiryData(octets);
  const { peripheralQualifier, peripheralDeviceType } = data;
  if (status !== Status.GOOD || transferred < 36) {
    throw new UnitError("refused", "the unit does not say what it is (INQUIRY)");
  }
  if (peripheralQualifier !== CONNECTED || peripheralDeviceType === NO_DEVICE_TYPE) {
    throw new UnitError("absent", "the target has no logical unit there");
  }
  return {
    deviceType: peripheralDeviceType,
    isRemovable: data.rmb,
    vendor: data.t10VendorIdentification.trim(),
    product: data.productIdentification.trim(),
    revision: data.productRevisionLevel.trim(),
  };
}

/** A page of vital product data; undefined where the unit has none of that code. */
async function askPageWhole(ask: Ask, pageCode: number): Promise<Uint8Array | undefined> {
  const octets = new Uint8Array(PAGE_LENGTH);
  const request = { cdb: inquiry(PAGE_LENGTH, pageCode), dataIn: octets };
  const { status, transferred } = await ask(request);
  if (status !== Status.GOOD || transferred < VPD_HEADER_LENGTH || octets[1] !== pageCode) {
    return undefined;
  }
  const stated = VPD_HEADER_LENGTH + ((octets[2]! << 8) | octets[3]!);
  return octets.subarray(0, Math.min(stated, transferred));
}

/** The same without its header. */
async function askPage(ask: Ask, pageCode: number): Promise<Uint8Array | undefined> {
  return (await askPageWhole(ask, pageCode))?.subarray(VPD_HEADER_LENGTH);
}

export interface Capacity {
  readonly blockCount: number;
  readonly blockLength: number;
  readonly physicalBlockLength: number;
  readonly isThin: boolean;
  readonly readsZeros: boolean;
}

export async function askCapacity(ask: Ask): Promise<Capacity> {
  const octets = new Uint8Array(ReadCapacity16Data.length);
  const long = await ask({ cdb: readCapacity16(octets.length), dataIn: octets });
  if (long.status === Status.GOOD && long.transferred >= 12) {
    const data = new ReadCapacity16Data(octets);
    const { returnedLogicalBlockAddress, logicalBlockLengthInBytes: blockLength } = data;
    return sound({
      blockCount: returnedLogicalBlockAddress + 1,
      blockLength,
      physicalBlockLength: blockLength * 2 ** data.logicalBlocksPerPhysicalBlockExponent,
      isThin: data.lbpme,
      readsZeros: data.lbprz,
    });
  }
  const short = new Uint8Array(ReadCapacity10Data.length);
  const { status, transferred } = await ask({ cdb: READ_CAPACITY_10, dataIn: short });
  const data = new ReadCapacity10Data(short);
  const last = data.returnedLogicalBlockAddress;
  if (status !== Status.GOOD || transferred < short.length || last === TOO_LARGE) {
    throw new UnitError("refused", "the unit does not say how large it is (READ CAPACITY)");
  }
  const blockLength = data.logicalBlockLengthInBytes;
  return sound({
    blockCount: last + 1,
    blockLength,
    physicalBlockLength: blockLength,
    isThin: false,
    readsZeros: false,
  });
}

/** What no unit of blocks can be would divide by zero, or wrap, later on. */
function sound(capacity: Capacity): Capacity {
  const { blockCount, blockLength, physicalBlockLength } = capacity;
  const isPower = (blockLength & (blockLength - 1)) === 0;
  const isSound = blockLength >= 512 && blockLength <= 65_536 && isPower &&
    Number.isSafeInteger(blockCount * blockLength);
  if (!isSound) {
    throw new UnitError("refused", `the unit claims ${blockCount} blocks of ${blockLength} octets`);
  }
  return { ...capacity, physicalBlockLength: Math.min(physicalBlockLength, 1 << 20) };
}

/** Write protection and the write cache. Where the unit does not tell, the worse is assumed. */
async function askMode(ask: Ask) {
  const octets = new Uint8Array(252);
  const { status, transferred } = await ask({
    cdb: modeSense6(CACHING, octets.length),
    dataIn: octets,
  });
  const isTold = status === Status.GOOD && transferred >= Form6.header.length;
  const header = new Form6.header(octets);
  const pageAt = Form6.header.length + header.blockDescriptorLength;
  const hasPage = isTold && pageAt + 3 <= transferred && (octets[pageAt]! & 0x3f) === CACHING;
  return {
    isWriteProtected: isTold && header.writeProtect,
    doesForceUnitAccess: isTold && (octets[2]! & 0x10) !== 0,
    hasWriteCache: !hasPage || new CachingPage(octets, pageAt).wce,
  };
}

function limitsOf(body: Uint8Array | undefined): UnitLimits {
  const octets = new Uint8Array(BlockLimitsBody.length);
  octets.set((body ?? new Uint8Array(0)).subarray(0, octets.length));
  const limits = new BlockLimitsBody(octets);
  return {
    maximumTransferLength: limits.maximumTransferLength,
    optimalTransferLength: limits.optimalTransferLength,
    maximumUnmapLbaCount: limits.maximumUnmapLbaCount,
    maximumUnmapBlockDescriptorCount: limits.maximumUnmapBlockDescriptorCount,
    optimalUnmapGranularity: limits.optimalUnmapGranularity,
    maximumWriteSameLength: limits.maximumWriteSameLength,
  };
}

function provisioningOf(body: Uint8Array | undefined, capacity: Capacity): Provisioning {
  const octets = new Uint8Array(LogicalBlockProvisioningBody.length);
  octets.set((body ?? new Uint8Array(0)).subarray(0, octets.length));
  const { lbpu, lbpws } = new LogicalBlockProvisioningBody(octets);
  const { isThin, readsZeros } = capacity;
  return { isThin, readsZeros, doesUnmap: isThin && lbpu, doesWriteSameUnmap: isThin && lbpws };
}
