/**
 * What the top of a chain holds and its file does not say yet: units whose bits are not set, and
 * blocks whose places are not in the table. A bit may be set only when its data is durable, a place
 * be named only when it is durably blank, so each flush takes what has gathered, syncs, and only
 * then writes it.
 */
import type { BlockShape } from "./block_shape.ts";
import { UNIT_LENGTH } from "./block_shape.ts";

/** What one flush publishes. */
export interface Epoch {
  /** By block: the octets of its bitmap that become all ones are 0xff. */
  readonly units: Map<number, Uint8Array>;
  /** Blocks that have got a place. */
  readonly places: Set<number>;
}

export class PendingUnits {
  readonly #unitsOfBlock: number;
  #gathering = newEpoch();
  #publishing: Epoch | undefined;

  constructor(shape: BlockShape) {
    this.#unitsOfBlock = shape.blockLength / UNIT_LENGTH;
  }

  /** Nothing waits for a flush. */
  get isEmpty(): boolean {
    const { units, places } = this.#gathering;
    return units.size === 0 && places.size === 0;
  }

  /** Whether the block's bitmap in the file is behind. */
  has(block: number): boolean {
    return this.#gathering.units.has(block) || this.#publishing?.units.has(block) === true;
  }

  /** The top holds these units of the block. */
  add(block: number, firstUnit: number, endUnit: number): void {
    let units = this.#gathering.units.get(block);
    if (units === undefined) {
      units = new Uint8Array(this.#unitsOfBlock);
      this.#gathering.units.set(block, units);
    }
    units.fill(0xff, firstUnit, endUnit);
  }

  /** The block has got a place. */
  addPlace(block: number): void {
    this.#gathering.places.add(block);
  }

  /** Takes what has gathered; `published` or `failed` must follow. */
  take(): Epoch {
    this.#publishing = this.#gathering;
    this.#gathering = newEpoch();
    return this.#publishing;
  }

  published(): void {
    this.#publishing = undefined;
  }

  /** The next flush is to publish what this one could not. */
  failed(): void {
    const { units, places } = this.#publishing!;
    for (const [block, octets] of units) {
      const newer = this.#gathering.units.get(block);
      newer?.forEach((octet, at) => octets[at]! |= octet);
      this.#gathering.units.set(block, octets);
    }
    for (const block of places) this.#gathering.places.add(block);
    this.#publishing = undefined;
  }
}

function newEpoch(): Epoch {
  return { units: new Map(), places: new Set() };
}
