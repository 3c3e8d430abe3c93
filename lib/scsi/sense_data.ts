/**
 * Sense data as octets: fixed format (SPC-4 4.5.3), which every initiator understands, and
 * descriptor format (SPC-4 4.5.2), which D_SENSE of the control mode page or DESC of REQUEST SENSE
 * asks for and which alone has room for a 64-bit LBA.
 */
import { bits, flag, layout, u16, u32, u64, u8 } from "../wire/layout.ts";
import type { FieldPointer, Sense } from "./sense.ts";

/** What the first octet says of the rest. SPC-4 4.5. */
const ResponseCode = {
  FIXED_CURRENT: 0x70,
  FIXED_DEFERRED: 0x71,
  DESCRIPTOR_CURRENT: 0x72,
  DESCRIPTOR_DEFERRED: 0x73,
} as const;

const FixedSense = layout(18, {
  responseCode: bits(0, 0x7f),
  valid: flag(0, 7),
  senseKey: bits(2, 0x0f),
  information: u32(3),
  additionalSenseLength: u8(7),
  additionalSense: u16(12),
});

const DescriptorSense = layout(8, {
  responseCode: bits(0, 0x7f),
  senseKey: bits(1, 0x0f),
  additionalSense: u16(2),
  additionalSenseLength: u8(7),
});

/** Where INFORMATION is in descriptor format. SPC-4 4.5. */
const InformationDescriptor = layout(12, {
  descriptorType: u8(0),
  additionalLength: u8(1),
  valid: flag(2, 7),
  information: u64(4),
});

/** SPC-4 4.5; what follows SKSV is the same three octets in both formats. */
const SenseKeySpecificDescriptor = layout(8, { descriptorType: u8(0), additionalLength: u8(1) });

const SenseKeySpecific = layout(3, {
  sksv: flag(0, 7),
  commandData: flag(0, 6),
  bitPointerValid: flag(0, 3),
  bitPointer: bits(0, 0x07),
  fieldPointer: u16(1),
});

const DescriptorType = { INFORMATION: 0, SENSE_KEY_SPECIFIC: 2 } as const;

/** Where the sense-key specific octets begin in fixed format, and in their descriptor. */
const SPECIFIC_IN_FIXED = 15;
const SPECIFIC_IN_DESCRIPTOR = 4;

/** The octets that tell an initiator of `sense`. */
export function emitSense(sense: Sense, options: { readonly descriptor: boolean }): Uint8Array {
  return options.descriptor ? emitDescriptor(sense) : emitFixed(sense);
}

function emitFixed(sense: Sense): Uint8Array {
  const octets = new Uint8Array(FixedSense.length);
  const fixed = new FixedSense(octets);
  fixed.responseCode = ResponseCode.FIXED_CURRENT;
  fixed.senseKey = sense.key;
  fixed.additionalSense = sense.code;
  fixed.additionalSenseLength = FixedSense.length - 8;
  // SPC-4 4.5.3: information that does not fit four octets is left out.
  if (sense.information !== undefined && sense.information <= 0xffff_ffff) {
    fixed.valid = true;
    fixed.information = sense.information;
  }
  emitSpecific(sense, octets, SPECIFIC_IN_FIXED);
  return octets;
}

function emitDescriptor(sense: Sense): Uint8Array {
  const informs = sense.information !== undefined;
  const specific = sense.field !== undefined || sense.progress !== undefined;
  const informationAt = DescriptorSense.length;
  const specificAt = informationAt + (informs ? InformationDescriptor.length : 0);
  const length = specificAt + (specific ? SenseKeySpecificDescriptor.length : 0);
  const octets = new Uint8Array(length);
  const head = new DescriptorSense(octets);
  head.responseCode = ResponseCode.DESCRIPTOR_CURRENT;
  head.senseKey = sense.key;
  head.additionalSense = sense.code;
  head.additionalSenseLength = length - DescriptorSense.length;
  if (informs) {
    const information = new InformationDescriptor(octets, informationAt);
    information.descriptorType = DescriptorType.INFORMATION;
    information.additionalLength = InformationDescriptor.length - 2;
    information.valid = true;
    information.information = sense.information!;
  }
  if (specific) {
    const descriptor = new SenseKeySpecificDescriptor(octets, specificAt);
    descriptor.descriptorType = DescriptorType.SENSE_KEY_SPECIFIC;
    descriptor.additionalLength = SenseKeySpecificDescriptor.length - 2;
    emitSpecific(sense, octets, specificAt + SPECIFIC_IN_DESCRIPTOR);
  }
  return octets;
}

/** The field pointer (SPC-4 4.5) or the progress indication. */
function emitSpecific(sense: Sense, octets: Uint8Array, at: number): void {
  if (sense.field === undefined && sense.progress === undefined) return;
  const specific = new SenseKeySpecific(octets, at);
  specific.sksv = true;
  specific.fieldPointer = sense.field?.octet ?? sense.progress!;
  if (sense.field === undefined) return;
  specific.commandData = sense.field.in === "cdb";
  if (sense.field.bit === undefined) return;
  specific.bitPointerValid = true;
  specific.bitPointer = sense.field.bit;
}

/** Sense data as an initiator received it. */
export interface ReceivedSense extends Sense {
  /** It tells of an earlier command, not of the one it came with. SPC-4 4.5.6. */
  readonly deferred: boolean;
}

/**
 * Reads sense data of either format; undefined where it is neither or too short to say anything.
 */
export function parseSense(octets: Uint8Array): ReceivedSense | undefined {
  if (octets.length < 4) return undefined;
  switch (octets[0]! & 0x7f) {
    case ResponseCode.FIXED_CURRENT:
      return parseFixed(octets, false);
    case ResponseCode.FIXED_DEFERRED:
      return parseFixed(octets, true);
    case ResponseCode.DESCRIPTOR_CURRENT:
      return parseDescriptor(octets, false);
    case ResponseCode.DESCRIPTOR_DEFERRED:
      return parseDescriptor(octets, true);
    default:
      return undefined;
  }
}

/** Fixed format may be cut anywhere: what is missing counts as zero. */
function parseFixed(octets: Uint8Array, deferred: boolean): ReceivedSense {
  const whole = new Uint8Array(FixedSense.length);
  const stated = octets.length < 8 ? octets.length : 8 + octets[7]!;
  whole.set(octets.subarray(0, Math.min(stated, octets.length, whole.length)));
  const fixed = new FixedSense(whole);
  return {
    key: fixed.senseKey,
    code: fixed.additionalSense,
    deferred,
    ...(fixed.valid ? { information: fixed.information } : {}),
    ...parseSpecific(fixed.senseKey, whole, SPECIFIC_IN_FIXED),
  };
}

function parseDescriptor(octets: Uint8Array, deferred: boolean): ReceivedSense {
  const key = octets[1]! & 0x0f;
  let sense: ReceivedSense = { key, code: (octets[2]! << 8) | octets[3]!, deferred };
  if (octets.length < DescriptorSense.length) return sense;
  const end = Math.min(octets.length, DescriptorSense.length + octets[7]!);
  for (let at = DescriptorSense.length; at + 2 <= end; at += 2 + octets[at + 1]!) {
    const length = 2 + octets[at + 1]!;
    if (at + length > end) break;
    if (octets[at] === DescriptorType.INFORMATION && length >= InformationDescriptor.length) {
      const descriptor = new InformationDescriptor(octets, at);
      if (descriptor.valid) sense = { ...sense, information: descriptor.information };
    } else if (octets[at] === DescriptorType.SENSE_KEY_SPECIFIC && length >= 8) {
      sense = { ...sense, ...parseSpecific(key, octets, at + SPECIFIC_IN_DESCRIPTOR) };
    }
  }
  return sense;
}

/** What the three octets mean depends on the sense key. SPC-4 4.5. */
function parseSpecific(
  key: number,
  octets: Uint8Array,
  at: number,
): { field?: FieldPointer; progress?: number } {
  const specific = new SenseKeySpecific(octets, at);
  if (!specific.sksv) return {};
  // ILLEGAL REQUEST points at a field; NO SENSE and NOT READY say how far something is.
  if (key === 0x0 || key === 0x2) return { progress: specific.fieldPointer };
  if (key !== 0x5) return {};
  return {
    field: {
      in: specific.commandData ? "cdb" : "data",
      octet: specific.fieldPointer,
      ...(specific.bitPointerValid ? { bit: specific.bitPointer } : {}),
    },
  };
}
