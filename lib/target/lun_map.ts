/** Which logical unit of a target stands behind which LUN. SAM-5 4.7. */
import type { LogicalUnit } from "../scsi/logical_unit.ts";
import type { Luns } from "../scsi/lun.ts";
import type { Nexus } from "../scsi/nexus.ts";

export interface Mapping {
  readonly unit: LogicalUnit;
  /** Writes through this LUN are refused, whatever the unit itself allows. */
  readonly readOnly: boolean;
}

/** LUNs that the flat space addressing of SAM-5 4.7.7.3 reaches. */
export const MOST_LUNS = 16384;

export class LunMap implements Luns {
  readonly #mappings: (Mapping | undefined)[] = [];
  /** Nexuses that have heard that the LUNs are others now, and have not asked for them since. */
  readonly #told = new WeakSet<Nexus>();

  get(lun: number): Mapping | undefined {
    return this.#mappings[lun];
  }

  set(lun: number, mapping: Mapping): void {
    if (!Number.isInteger(lun) || lun < 0 || lun >= MOST_LUNS) {
      throw new RangeError(`LUN ${lun} is not between 0 and ${MOST_LUNS - 1}`);
    }
    this.#mappings[lun] = mapping;
  }

  delete(lun: number): void {
    this.#mappings[lun] = undefined;
  }

  /** The LUNs in use, ascending, with what they map to. */
  *entries(): Generator<[number, Mapping]> {
    for (const [lun, mapping] of this.#mappings.entries()) {
      if (mapping !== undefined) yield [lun, mapping];
    }
  }

  /** False: the nexus knows of a change already, and will see this one too when it asks. */
  isNews(nexus: Nexus): boolean {
    return !this.#told.has(nexus);
  }

  told(nexus: Nexus): void {
    this.#told.add(nexus);
  }

  asked(nexus: Nexus): void {
    this.#told.delete(nexus);
  }

  /** The lowest LUN that is free. */
  get firstFree(): number {
    let lun = 0;
    while (this.#mappings[lun] !== undefined) lun++;
    return lun;
  }
}
