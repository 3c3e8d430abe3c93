/** Which blocks of a unit take space: the device's extents, told in blocks. SBC-3 4.7. */
import type { LogicalUnit } from "./logical_unit.ts";

/** What the field NUMBER OF LOGICAL BLOCKS holds. */
const MOST_BLOCKS = 0xffff_ffff;

/** Blocks of one provisioning status. */
export interface ProvisioningRun {
  readonly first: number;
  readonly count: number;
  readonly mapped: boolean;
}

/**
 * Runs without gaps from block `first` on, which the unit must have: at least one, about `most`.
 */
export async function provisioningRuns(
  unit: LogicalUnit,
  first: number,
  most: number,
): Promise<readonly ProvisioningRun[]> {
  const runs = new Runs(first, unit.blockLength);
  if (!unit.thin) {
    runs.add(unit.blockCount, true);
    return runs.list;
  }
  const offset = first * unit.blockLength;
  const length = unit.blockCount * unit.blockLength - offset;
  // The last extent may end within a block, of which then nothing is known yet.
  for (let limit = most + 1; runs.list.length === 0; limit *= 2) {
    for (const extent of await unit.device.extents(offset, length, limit)) {
      runs.addExtent(extent.offset, extent.offset + extent.length, extent.mapped);
    }
  }
  return runs.list;
}

class Runs {
  readonly list: { readonly first: number; count: number; readonly mapped: boolean }[] = [];
  /** The first block that is in no run yet. */
  #next: number;
  readonly #blockLength: number;

  constructor(first: number, blockLength: number) {
    this.#next = first;
    this.#blockLength = blockLength;
  }

  /** Octets from `begin` to `end`: a block is mapped if any octet of it is. */
  addExtent(begin: number, end: number, mapped: boolean): void {
    if (!mapped) return this.add(Math.floor(end / this.#blockLength), false);
    // What was passed by without being mapped, up to the block in which this begins.
    this.add(Math.floor(begin / this.#blockLength), false);
    this.add(Math.ceil(end / this.#blockLength), true);
  }

  /** Blocks up to `end` have the status; those that are in a run already keep theirs. */
  add(end: number, mapped: boolean): void {
    while (this.#next < end) {
      let last = this.list.at(-1);
      if (last === undefined || last.mapped !== mapped || last.count === MOST_BLOCKS) {
        last = { first: this.#next, count: 0, mapped };
        this.list.push(last);
      }
      const count = Math.min(end - this.#next, MOST_BLOCKS - last.count);
      last.count += count;
      this.#next += count;
    }
  }
}
