/** Fixed VHDs: the data from the file's first octet, then the footer. */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type Random, systemRandom } from "../runtime/random.ts";
import { DiskType, FEATURES_RESERVED, type Footer, NO_DATA_OFFSET } from "./footer.ts";
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

export interface FixedFooterOptions {
  /** The disk's identity; made anew without it. */
  readonly uuid?: Uint8Array | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** The footer of a new fixed disk of `size` octets, which has been validated. */
export function fixedFooter(size: number, options: FixedFooterOptions = {}): Footer {
  return {
    features: FEATURES_RESERVED,
    dataOffset: NO_DATA_OFFSET,
    created: (options.clock ?? systemClock).now(),
    ...CREATOR,
    originalSize: BigInt(size),
    currentSize: BigInt(size),
    geometry: geometryOf(size / SECTOR_LENGTH),
    diskType: DiskType.FIXED,
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
