/** Finds out which layer holds each sector of a block: the first one asked that has it. */
import { UNIT_SECTORS } from "./block_shape.ts";
import type { Presence } from "./layer.ts";
import { NOBODY } from "./owner.ts";

export class SectorOwners {
  readonly #owners: Uint8Array;
  #firstSector = 0;
  #left = 0;

  constructor(sectorCount: number) {
    this.#owners = new Uint8Array(sectorCount);
  }

  /** Begins with a block whose first sector is this one. */
  begin(firstSector: number): void {
    this.#owners.fill(NOBODY);
    this.#firstSector = firstSector;
    this.#left = this.#owners.length;
  }

  /** Whether every sector has an owner. */
  get isComplete(): boolean {
    return this.#left === 0;
  }

  /** Gives `owner` what nobody has of what it holds: by the bits, or all. */
  take(owner: number, { firstSector, sectorCount }: Presence, bits?: Uint8Array): void {
    const first = firstSector - this.#firstSector;
    const end = Math.min(first + sectorCount, this.#owners.length);
    if (bits === undefined) return this.#takeRun(owner, Math.max(first, 0), end);
    for (let at = first, octet = 0; at < end; at += 8, octet++) {
      const held = bits[octet]!;
      if (held === 0) continue;
      const stop = Math.min(at + 8, end);
      if (held === 0xff) this.#takeRun(owner, at, stop);
      else this.#takeSome(owner, at, stop, held);
    }
  }

  /** The owner of all of the first sectors, if it is one. */
  onlyOwner(sectors: number): number | undefined {
    const owner = this.#owners[0]!;
    for (let at = 1; at < sectors; at++) if (this.#owners[at] !== owner) return undefined;
    return owner;
  }

  /** Whether no unit of the first sectors is divided. */
  goesByUnits(sectors: number): boolean {
    for (let at = 1; at < sectors; at++) {
      if (at % UNIT_SECTORS !== 0 && this.#owners[at] !== this.#owners[at - 1]) return false;
    }
    return true;
  }

  /** The owners of every `step`th of the first sectors. */
  copy(sectors: number, step: number): Uint8Array {
    const owners = new Uint8Array(Math.ceil(sectors / step));
    for (let at = 0; at < owners.length; at++) owners[at] = this.#owners[at * step]!;
    return owners;
  }

  #takeRun(owner: number, from: number, end: number): void {
    for (let at = from; at < end; at++) this.#takeOne(owner, at);
  }

  /** The most significant bit is the first sector's. */
  #takeSome(owner: number, from: number, end: number, held: number): void {
    for (let at = from, bit = 0x80; at < end; at++, bit >>>= 1) {
      if ((held & bit) !== 0) this.#takeOne(owner, at);
    }
  }

  #takeOne(owner: number, at: number): void {
    if (this.#owners[at] !== NOBODY) return;
    this.#owners[at] = owner;
    this.#left--;
  }
}
