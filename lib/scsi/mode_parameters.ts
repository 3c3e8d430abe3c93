/**
 * Mode parameter lists: what MODE SENSE sends and MODE SELECT receives around the pages. A header
 * of four or eight octets, and a block descriptor of eight or sixteen. SPC-4 7.5, SBC-3 6.4.
 */
import { flag, type Layout, layout, u16, u24, u32, u64, u8, type View } from "../wire/layout.ts";
import type { LogicalUnit } from "./logical_unit.ts";

const ModeParameterHeader6 = layout(4, {
  modeDataLength: u8(0),
  mediumType: u8(1),
  writeProtect: flag(2, 7),
  dpofua: flag(2, 4), // DPO and FUA are looked at
  blockDescriptorLength: u8(3),
});

const ModeParameterHeader10 = layout(8, {
  modeDataLength: u16(0),
  mediumType: u8(2),
  writeProtect: flag(3, 7),
  dpofua: flag(3, 4),
  longLba: flag(4, 0), // the block descriptor is the long one
  blockDescriptorLength: u16(6),
});

const ShortDescriptor = layout(8, { numberOfLogicalBlocks: u32(0), logicalBlockLength: u24(5) });
const LongDescriptor = layout(16, { numberOfLogicalBlocks: u64(0), logicalBlockLength: u32(12) });

type HeaderFields = Pick<
  typeof ModeParameterHeader6.fields,
  "modeDataLength" | "writeProtect" | "dpofua" | "blockDescriptorLength"
>;
type DescriptorFields = typeof ShortDescriptor.fields;

/** What differs between the commands of 6 and of 10 octets. */
export interface ModeForm {
  readonly header: Layout<HeaderFields>;
  /** Octets of MODE DATA LENGTH, which it does not count itself. */
  readonly uncounted: number;
  /** Where the CDB has its (allocation or parameter list) length. */
  readonly lengthAt: number;
  readonly cdbLength: (cdb: DataView) => number;
}

export const Form6: ModeForm = {
  header: ModeParameterHeader6,
  uncounted: 1,
  lengthAt: 4,
  cdbLength: (cdb) => cdb.getUint8(4),
};

export const Form10: ModeForm = {
  header: ModeParameterHeader10,
  uncounted: 2,
  lengthAt: 7,
  cdbLength: (cdb) => cdb.getUint16(7),
};

/** Which block descriptor there is. */
export type DescriptorKind = "none" | "short" | "long";

const DESCRIPTORS: Readonly<Record<DescriptorKind, Layout<DescriptorFields> | undefined>> = {
  none: undefined,
  short: ShortDescriptor,
  long: LongDescriptor,
};

/**
 * In a short descriptor: more than it can tell; in a parameter list: whatever it is. SBC-3 6.4.
 */
const MOST_IN_SHORT = 0xffff_ffff;

/** A mode parameter list with the pages given. */
export function emitModeParameters(
  form: ModeForm,
  unit: LogicalUnit,
  parts: { descriptor: DescriptorKind; pages: Uint8Array; writeProtected: boolean },
): Uint8Array {
  const descriptor = DESCRIPTORS[parts.descriptor];
  const descriptorLength = descriptor?.length ?? 0;
  const pagesAt = form.header.length + descriptorLength;
  const octets = new Uint8Array(pagesAt + parts.pages.length);
  const header = new form.header(octets);
  header.modeDataLength = octets.length - form.uncounted;
  header.writeProtect = parts.writeProtected;
  header.dpofua = true;
  header.blockDescriptorLength = descriptorLength;
  if (parts.descriptor === "long") new ModeParameterHeader10(octets).longLba = true;
  if (descriptor !== undefined) {
    const block = new descriptor(octets, form.header.length);
    const most = parts.descriptor === "short" ? MOST_IN_SHORT : Infinity;
    block.numberOfLogicalBlocks = Math.min(unit.blockCount, most);
    block.logicalBlockLength = unit.blockLength;
  }
  octets.set(parts.pages, pagesAt);
  return octets;
}

/** Where the pages of a received list begin, or what is wrong before them. */
export type Preamble =
  | { readonly pagesAt: number }
  | { readonly truncated: true }
  | { readonly faultAt: number };

/** Looks at the header and the block descriptor of a list for MODE SELECT. */
export function parsePreamble(form: ModeForm, list: Uint8Array, unit: LogicalUnit): Preamble {
  if (list.length < form.header.length) return { truncated: true };
  const { blockDescriptorLength } = new form.header(list);
  const long = form === Form10 && new ModeParameterHeader10(list).longLba;
  const descriptor = long ? LongDescriptor : ShortDescriptor;
  const pagesAt = form.header.length + blockDescriptorLength;
  if (blockDescriptorLength === 0) return { pagesAt };
  if (blockDescriptorLength !== descriptor.length) {
    return { faultAt: form.header.length - (form === Form10 ? 2 : 1) };
  }
  if (list.length < pagesAt) return { truncated: true };
  const block: View<DescriptorFields> = new descriptor(list, form.header.length);
  if (!keepsCapacity(block.numberOfLogicalBlocks, unit)) return { faultAt: form.header.length };
  if (block.logicalBlockLength !== unit.blockLength) {
    return { faultAt: pagesAt - (long ? 4 : 3) };
  }
  return { pagesAt };
}

/** Neither the block length nor the number of blocks can be selected; zero leaves it as it is. */
function keepsCapacity(numberOfLogicalBlocks: number, unit: LogicalUnit): boolean {
  if (numberOfLogicalBlocks === 0 || numberOfLogicalBlocks === unit.blockCount) return true;
  return numberOfLogicalBlocks === MOST_IN_SHORT && unit.blockCount > MOST_IN_SHORT;
}
