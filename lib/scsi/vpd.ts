/** Vital product data: what INQUIRY tells with EVPD set, a file a page. SPC-4 7.8, SBC-3 6.5. */
import type { LogicalUnit } from "./logical_unit.ts";
import type { Nexus } from "./nexus.ts";
import { blockDeviceCharacteristics } from "./vpd/block_device_characteristics.ts";
import { blockLimits } from "./vpd/block_limits.ts";
import { deviceIdentification } from "./vpd/device_identification.ts";
import { extendedInquiry } from "./vpd/extended_inquiry.ts";
import { logicalBlockProvisioning } from "./vpd/logical_block_provisioning.ts";
import { unitSerialNumber } from "./vpd/unit_serial_number.ts";

/** What stands in a page after its header. */
export type PageBody = (unit: LogicalUnit, nexus: Nexus) => Uint8Array;

/** Octets before the body: device type, page code, and the body's length. */
const HEADER_LENGTH = 4;

const SUPPORTED_PAGES = 0x00;

/** In ascending order, as page 00h lists them. SPC-4 7.8. */
const PAGES: ReadonlyMap<number, PageBody> = new Map([
  [SUPPORTED_PAGES, () => Uint8Array.from(PAGES.keys())],
  [0x80, unitSerialNumber],
  [0x83, deviceIdentification],
  [0x86, extendedInquiry],
  [0xb0, blockLimits],
  [0xb1, blockDeviceCharacteristics],
  [0xb2, logicalBlockProvisioning],
]);

/** The whole page, or undefined where there is none of that code. */
export function vitalProductData(
  pageCode: number,
  unit: LogicalUnit,
  nexus: Nexus,
): Uint8Array | undefined {
  const body = PAGES.get(pageCode)?.(unit, nexus);
  if (body === undefined) return undefined;
  const page = new Uint8Array(HEADER_LENGTH + body.length);
  page[1] = pageCode;
  new DataView(page.buffer).setUint16(2, body.length);
  page.set(body, HEADER_LENGTH);
  return page;
}
