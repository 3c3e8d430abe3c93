/**
 * Who may touch which octets of a device right now. Transfers that take their time hold their range
 * shared, and what must be atomic (a block read and written back; SCSI's COMPARE AND WRITE) holds
 * its own exclusively. First come, first served wherever ranges overlap, so nobody starves.
 */

/** Lets go of a range; calling it again does nothing. */
export type Release = () => void;

interface Claim {
  readonly offset: number;
  readonly end: number;
  readonly exclusive: boolean;
  /** Earlier claims that this one waits for. */
  blockers: number;
  readonly grant: (release: Release) => void;
}

export class RangeLocks {
  /** Held and awaited claims, in the order in which they came. */
  readonly #claims: Claim[] = [];
  #exclusives = 0;

  /** No exclusive lock is held or awaited: whoever wants to move blocks may go on at once. */
  get idle(): boolean {
    return this.#exclusives === 0;
  }

  /** Nothing at all is held or awaited on the range: what is done synchronously now is atomic. */
  free(offset: number, length: number): boolean {
    const end = offset + length;
    return !this.#claims.some((each) => Math.max(each.offset, offset) < Math.min(each.end, end));
  }

  /** For an asynchronous transfer; waits only for exclusive locks that came earlier. */
  shared(offset: number, length: number): Promise<Release> {
    return this.#claim(offset, length, false);
  }

  /**
   * For what must see nobody else on the range; waits for every overlapping claim that came
   * earlier.
   */
  exclusive(offset: number, length: number): Promise<Release> {
    return this.#claim(offset, length, true);
  }

  #claim(offset: number, length: number, exclusive: boolean): Promise<Release> {
    const { promise, resolve } = Promise.withResolvers<Release>();
    const claim = { offset, end: offset + length, exclusive, blockers: 0, grant: resolve };
    for (const earlier of this.#claims) if (conflict(earlier, claim)) claim.blockers++;
    this.#claims.push(claim);
    if (exclusive) this.#exclusives++;
    if (claim.blockers === 0) this.#grant(claim);
    return promise;
  }

  #grant(claim: Claim): void {
    claim.grant(() => this.#release(claim));
  }

  #release(claim: Claim): void {
    const at = this.#claims.indexOf(claim);
    if (at < 0) return;
    this.#claims.splice(at, 1);
    if (claim.exclusive) this.#exclusives--;
    // All that conflicts with a held claim came after it, for what came before had blocked it.
    for (const later of this.#claims) {
      if (conflict(claim, later) && --later.blockers === 0) this.#grant(later);
    }
  }
}

function conflict(a: Claim, b: Claim): boolean {
  if (!a.exclusive && !b.exclusive) return false;
  return Math.max(a.offset, b.offset) < Math.min(a.end, b.end);
}
