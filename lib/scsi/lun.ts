/** Logical unit numbers as eight octets. SAM-5 4.7. */
import type { LogicalUnit } from "./logical_unit.ts";
import type { Nexus } from "./nexus.ts";

/** The LUNs that a nexus reaches, ascending, and what stands behind them. */
export interface Luns {
  entries(): Iterable<[number, { readonly unit: LogicalUnit; readonly readOnly: boolean }]>;
  /** The nexus has heard that they have become others. */
  told(nexus: Nexus): void;
  /** The nexus has been given the list: what becomes of it from now on is news again. */
  asked(nexus: Nexus): void;
}

/** Octets of a LUN. */
export const LUN_LENGTH = 8;

/** The REPORT LUNS well known logical unit, above every flat LUN. SPC-4 8.2. */
export const REPORT_LUNS_WELL_KNOWN = 0xc101;

/** A LUN that no addressing method in use here can name. */
export const NO_LUN = -1;

const PERIPHERAL_DEVICE = 0;
const FLAT_SPACE = 1;
/** LUNs that peripheral device addressing reaches; above them flat space addressing is used. */
const PERIPHERAL_LUNS = 256;

/**
 * The number that the eight octets at `at` name, whichever single level method they use. SAM-5
 * 4.7.7.
 */
export function parseLun(view: DataView, at: number): number {
  const first = view.getUint16(at);
  // Only one level: whatever stands in the lower ones must be empty.
  if ((view.getUint16(at + 2) | view.getUint32(at + 4)) !== 0) return NO_LUN;
  const method = first >>> 14;
  if (method === FLAT_SPACE) return first & 0x3fff;
  // SAM-5 4.7: the bus identifier of peripheral device addressing is zero for the unit itself.
  if (method === PERIPHERAL_DEVICE) return first < PERIPHERAL_LUNS ? first : NO_LUN;
  return first === REPORT_LUNS_WELL_KNOWN ? REPORT_LUNS_WELL_KNOWN : NO_LUN;
}

/** Writes the eight octets that name `lun` at `at`. */
export function emitLun(view: DataView, at: number, lun: number): void {
  const flat = lun >= PERIPHERAL_LUNS && lun !== REPORT_LUNS_WELL_KNOWN;
  view.setUint16(at, flat ? (FLAT_SPACE << 14) | lun : lun);
  view.setUint16(at + 2, 0);
  view.setUint32(at + 4, 0);
}
