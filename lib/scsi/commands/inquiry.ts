/** INQUIRY: what the unit is. SPC-4 6.6. */
import { ascii, bits, flag, layout, u16, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Step, Task } from "../task.ts";
import { VERSION_DESCRIPTORS, WELL_KNOWN_VERSION_DESCRIPTORS } from "../version_descriptors.ts";
import { vitalProductData } from "../vpd.ts";

export const InquiryCdb = layout(6, {
  evpd: flag(1, 0),
  pageCode: u8(2),
  allocationLength: u16(3),
});

/** Standard INQUIRY data. SPC-4 6.6. */
export const StandardInquiryData = layout(96, {
  peripheralQualifier: bits(0, 0xe0),
  peripheralDeviceType: bits(0, 0x1f),
  rmb: flag(1, 7), // the medium can be removed
  version: u8(2),
  normACA: flag(3, 5),
  hiSup: flag(3, 4),
  responseDataFormat: bits(3, 0x0f),
  additionalLength: u8(4),
  tpgs: bits(5, 0x30), // implicit asymmetric access: REPORT TARGET PORT GROUPS works
  protect: flag(5, 0),
  multiP: flag(6, 4), // several ports
  cmdQue: flag(7, 1), // command queuing as of SAM-5
  t10VendorIdentification: ascii(8, 8),
  productIdentification: ascii(16, 16),
  productRevisionLevel: ascii(32, 4),
});

/** Where the VERSION DESCRIPTOR fields begin; there are eight. */
const VERSION_DESCRIPTORS_AT = 58;

const SPC_4 = 0x06;
const RESPONSE_DATA_FORMAT = 2;
const IMPLICIT_TPGS = 1;

/** PERIPHERAL DEVICE TYPE. */
export const DeviceType = { DIRECT_ACCESS: 0x00, WELL_KNOWN: 0x1e, UNKNOWN: 0x1f } as const;
/** PERIPHERAL QUALIFIER: there is a unit, or none can be here. */
const Qualifier = { CONNECTED: 0, NOT_CAPABLE: 3 } as const;

export const inquiries: readonly Command[] = [{
  name: "INQUIRY",
  opcode: 0x12,
  usage: "12 01 ff ff ff 00",
  access: Access.ALWAYS,
  execute: inquire,
}];

function inquire(task: Task, unit: LogicalUnit): Step {
  const { evpd, pageCode, allocationLength } = new InquiryCdb(task.cdb);
  if (evpd) {
    const page = vitalProductData(pageCode, unit, task.nexus);
    if (page === undefined) return task.fail(invalidFieldInCdb(2));
    return task.send(page, allocationLength);
  }
  // A page code says nothing without EVPD.
  if (pageCode !== 0) return task.fail(invalidFieldInCdb(2));
  const data = standard(Qualifier.CONNECTED, DeviceType.DIRECT_ACCESS, VERSION_DESCRIPTORS);
  const { vendor, product, revision } = unit.identity;
  data.rmb = unit.removable;
  data.tpgs = IMPLICIT_TPGS;
  data.multiP = true;
  data.cmdQue = true;
  data.t10VendorIdentification = vendor;
  data.productIdentification = product;
  data.productRevisionLevel = revision;
  return sendView(task, data, allocationLength);
}

/** INQUIRY of a LUN that has no unit, or of the well known one. SPC-4 6.6. */
export function inquireWithoutUnit(task: Task, wellKnown: boolean): Step {
  const { evpd, pageCode, allocationLength } = new InquiryCdb(task.cdb);
  if (evpd) return task.fail(invalidFieldInCdb(1, 0));
  if (pageCode !== 0) return task.fail(invalidFieldInCdb(2));
  const data = wellKnown
    ? standard(Qualifier.CONNECTED, DeviceType.WELL_KNOWN, WELL_KNOWN_VERSION_DESCRIPTORS)
    : standard(Qualifier.NOT_CAPABLE, DeviceType.UNKNOWN, WELL_KNOWN_VERSION_DESCRIPTORS);
  data.cmdQue = wellKnown;
  data.t10VendorIdentification = "";
  data.productIdentification = "";
  data.productRevisionLevel = "";
  return sendView(task, data, allocationLength);
}

function standard(qualifier: number, deviceType: number, versions: readonly number[]) {
  const data = new StandardInquiryData(new Uint8Array(StandardInquiryData.length));
  data.peripheralQualifier = qualifier;
  data.peripheralDeviceType = deviceType;
  data.version = SPC_4;
  data.responseDataFormat = RESPONSE_DATA_FORMAT;
  data.additionalLength = StandardInquiryData.length - 5;
  versions.forEach((code, i) => data.view.setUint16(VERSION_DESCRIPTORS_AT + i * 2, code));
  return data;
}

function sendView(task: Task, { view }: { view: DataView }, allocationLength: number): Step {
  return task.send(new Uint8Array(view.buffer as ArrayBuffer), allocationLength);
}
