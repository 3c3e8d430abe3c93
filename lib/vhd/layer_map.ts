/**
 * Which layer of a chain holds what, block by block of the top one: looked up when a block is first
 * touched, and kept. A block that one layer holds wholly takes one octet; others take one for each
 * unit, or for each sector where a layer's bitmap goes by sectors, and are forgotten when they take
 * too much memory together. The layers under the top never change.
 */
import { type BlockShape, UNIT_LENGTH, UNIT_SECTORS } from "./block_shape.ts";
import { SECTOR_LENGTH } from "./geometry.ts";
import type { Layer } from "./layer.ts";
import { NOBODY, TOP } from "./owner.ts";
import { SectorOwners } from "./sector_owners.ts";

/** The block is divided among several. */
const DIVIDED = 254;
const UNKNOWN = 255;

/** Octets that the divided blocks may take together. */
const MOST_OCTETS = 32 << 20;

interface Division {
  /** Octets of the disk that one of the owners has. */
  readonly grain: number;
  readonly owners: Uint8Array;
  /** How many of them are the top's. */
  top: number;
}

export interface LayerMapOptions {
  /** Octets that the divided blocks may take together. */
  readonly mostOctets?: number;
  /** Blocks that must not be forgotten, since their file does not yet say what the map says. */
  readonly isPinned?: (block: number) => boolean;
}

export class LayerMap {
  /** Set by `runEnd`: the layer that holds the run, or NOBODY. */
  owner = NOBODY;
  readonly #layers: readonly Layer[];
  readonly #shape: BlockShape;
  readonly #blockLength: number;
  #size: number;
  /** By block: an owner of all of it, or DIVIDED, or UNKNOWN. */
  #states: Uint8Array;
  readonly #divisions = new Map<number, Division>();
  readonly #scratch: Uint8Array;
  readonly #owners: SectorOwners;
  readonly #looking = new Map<number, Promise<void>>();
  readonly #mostOctets: number;
  readonly #isPinned: (block: number) => boolean;
  #octets = 0;

  /** The layers from the top down. */
  constructor(layers: readonly Layer[], shape: BlockShape, options: LayerMapOptions = {}) {
    this.#layers = layers;
    this.#size = layers[TOP]!.size;
    this.#shape = shape;
    this.#blockLength = shape.blockLength;
    this.#states = new Uint8Array(shape.blockCount(this.#size)).fill(UNKNOWN);
    this.#scratch = new Uint8Array(shape.blockLength / UNIT_LENGTH);
    this.#owners = new SectorOwners(shape.blockLength / SECTOR_LENGTH);
    this.#mostOctets = options.mostOctets ?? MOST_OCTETS;
    this.#isPinned = options.isPinned ?? (() => false);
  }

  /** Octets that the divided blocks take. */
  get octets(): number {
    return this.#octets;
  }

  isKnown(block: number): boolean {
    return this.#states[block] !== UNKNOWN;
  }

  /** Whether the top holds all of the range, as far as is known. */
  isTop(offset: number, end: number): boolean {
    while (offset < end) {
      const block = Math.floor(offset / this.#blockLength);
      const state = this.#states[block]!;
      if (state !== TOP) {
        if (state !== DIVIDED) return false;
        const stop = Math.min((block + 1) * this.#blockLength, end);
        const runEnd = this.runEnd(offset, stop);
        if (this.owner !== TOP || runEnd < stop) return false;
      }
      offset = (block + 1) * this.#blockLength;
    }
    return true;
  }

  /**
   * Where the run of one owner ends that begins at `offset`, whose block is known; at most `end`,
   * and at most the block's end. The owner is left in `owner`.
   */
  runEnd(offset: number, end: number): number {
    const block = Math.floor(offset / this.#blockLength);
    const blockStart = block * this.#blockLength;
    const stop = Math.min(blockStart + this.#blockLength, end);
    const state = this.#states[block]!;
    if (state !== DIVIDED) {
      this.owner = state;
      return stop;
    }
    const { grain, owners } = this.#divisions.get(block)!;
    let index = Math.floor((offset - blockStart) / grain);
    const owner = owners[index]!;
    const last = Math.ceil((stop - blockStart) / grain);
    while (++index < last && owners[index] === owner);
    this.owner = owner;
    return Math.min(blockStart + index * grain, stop);
  }

  /** Looks the block up, unless that would wait. */
  lookNow(block: number): boolean {
    if (this.#looking.has(block)) return false;
    const start = block * this.#blockLength;
    this.#owners.begin(start / SECTOR_LENGTH);
    for (const [index, layer] of this.#layers.entries()) {
      for (const presence of layer.presence(start, this.#blockLength)) {
        const { bitmap } = presence;
        if (bitmap === undefined) this.#owners.take(index, presence);
        else {
          const { position, length } = bitmap;
          if (!layer.medium.readNow(position, this.#scratch, 0, length)) return false;
          this.#owners.take(index, presence, this.#scratch);
        }
      }
      if (this.#owners.isComplete) break;
    }
    this.#keep(block, this.#owners);
    return true;
  }

  /** Looks the block up, once for all who wait for it. */
  look(block: number): Promise<void> {
    if (this.isKnown(block)) return Promise.resolve();
    let looking = this.#looking.get(block);
    if (looking === undefined) {
      looking = this.#look(block).finally(() => this.#looking.delete(block));
      this.#looking.set(block, looking);
    }
    return looking;
  }

  async #look(block: number): Promise<void> {
    const start = block * this.#blockLength;
    const owners = new SectorOwners(this.#blockLength / SECTOR_LENGTH);
    const scratch = new Uint8Array(this.#scratch.length);
    owners.begin(start / SECTOR_LENGTH);
    for (const [index, layer] of this.#layers.entries()) {
      for (const presence of layer.presence(start, this.#blockLength)) {
        const { bitmap } = presence;
        if (bitmap !== undefined) {
          await layer.medium.read(bitmap.position, scratch, 0, bitmap.length);
        }
        owners.take(index, presence, bitmap && scratch);
      }
      if (owners.isComplete) break;
    }
    this.#keep(block, owners);
  }

  /** From now on the top holds these whole units of the block, which is known. */
  claim(block: number, firstUnit: number, endUnit: number): void {
    const { grain, owners } = this.#divided(block);
    const division = this.#divisions.get(block)!;
    const scale = UNIT_LENGTH / grain;
    const end = Math.min(endUnit * scale, owners.length);
    for (let index = firstUnit * scale; index < end; index++) {
      if (owners[index] === TOP) continue;
      owners[index] = TOP;
      division.top++;
    }
    if (division.top === owners.length) this.own(block, TOP);
  }

  /** From now on one owner holds the whole block. */
  own(block: number, owner: number): void {
    this.#forget(block);
    this.#states[block] = owner;
  }

  /** The top has become larger; of its block that was the last, the file says all. */
  grow(): void {
    const last = Math.floor(this.#size / this.#blockLength);
    this.#size = this.#layers[TOP]!.size;
    const states = new Uint8Array(this.#shape.blockCount(this.#size)).fill(UNKNOWN);
    states.set(this.#states);
    this.#states = states;
    this.#forget(last);
    this.#states[last] = UNKNOWN;
  }

  #divided(block: number): Division {
    const state = this.#states[block]!;
    const present = this.#divisions.get(block);
    if (present !== undefined) return present;
    const owners = new Uint8Array(Math.ceil(this.#lengthOf(block) / UNIT_LENGTH)).fill(state);
    return this.#divide(block, {
      grain: UNIT_LENGTH,
      owners,
      top: state === TOP ? owners.length : 0,
    });
  }

  /** Octets of the block that the disk has: the last one may end before its file's block does. */
  #lengthOf(block: number): number {
    return Math.min(this.#blockLength, this.#size - block * this.#blockLength);
  }

  #keep(block: number, owners: SectorOwners): void {
    const sectors = Math.ceil(this.#lengthOf(block) / SECTOR_LENGTH);
    const one = owners.onlyOwner(sectors);
    if (one !== undefined) return this.own(block, one);
    const grain = owners.goesByUnits(sectors) ? UNIT_LENGTH : SECTOR_LENGTH;
    const kept = owners.copy(sectors, grain === UNIT_LENGTH ? UNIT_SECTORS : 1);
    const top = kept.reduce((count, owner) => owner === TOP ? count + 1 : count, 0);
    this.#divide(block, { grain, owners: kept, top });
  }

  #divide(block: number, division: Division): Division {
    this.#makeRoom(division.owners.length);
    this.#divisions.set(block, division);
    this.#octets += division.owners.length;
    this.#states[block] = DIVIDED;
    return division;
  }

  /** Forgets what was looked up first. */
  #makeRoom(octets: number): void {
    if (this.#octets + octets <= this.#mostOctets) return;
    for (const block of this.#divisions.keys()) {
      if (this.#isPinned(block)) continue;
      this.#forget(block);
      if (this.#octets + octets <= this.#mostOctets) return;
    }
  }

  #forget(block: number): void {
    const division = this.#divisions.get(block);
    if (division === undefined) return;
    this.#divisions.delete(block);
    this.#octets -= division.owners.length;
    this.#states[block] = UNKNOWN;
  }
}
