/** The footers of new disks. */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type Random, systemRandom } from "../runtime/random.ts";
import { type DiskType, FEATURES_RESERVED, type Footer } from "./footer.ts";
import { geometryOf, SECTOR_LENGTH } from "./geometry.ts";

/**
 * Readers that know a creator take the size from its field, where they would else compute it from
 * the geometry and lose the last sectors: so this one names itself as Windows does.
 */
export const CREATOR = {
  creatorApplication: "win ",
  creatorVersion: 0x000a_0000,
  creatorHostOS: "Wi2k",
} as const;

export interface NewFooterOptions {
  /** The disk's identity; made anew without it. */
  readonly uuid?: Uint8Array | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** What tells the types of disks apart. */
export interface NewFooterForm {
  /** Capacity in octets, which has been validated. */
  readonly size: number;
  readonly diskType: DiskType;
  /** Where the header of a dynamic disk is. */
  readonly dataOffset: bigint;
}

export function newFooter(form: NewFooterForm, options: NewFooterOptions = {}): Footer {
  const { size, diskType, dataOffset } = form;
  return {
    features: FEATURES_RESERVED,
    dataOffset,
    created: (options.clock ?? systemClock).now(),
    ...CREATOR,
    originalSize: BigInt(size),
    currentSize: BigInt(size),
    geometry: geometryOf(size / SECTOR_LENGTH),
    diskType,
    uniqueId: options.uuid ?? newUuid(options.random ?? systemRandom),
    savedState: false,
  };
}

/** A random UUID, version 4. RFC 9562 5.4. */
export function newUuid(random: Random): Uint8Array<ArrayBuffer> {
  const uuid = random.fill(new Uint8Array(16));
  uuid[6] = 0x40 | (uuid[6]! & 0x0f);
  uuid[8] = 0x80 | (uuid[8]! & 0x3f);
  return uuid;
}
