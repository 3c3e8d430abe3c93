/** Pieces between which there are gaps, at most: no server has a reason to send more. */
const MOST_PIECES = 1024;

/** Which octets of a read have come: each once, or the server has made a mistake. */
export class Coverage {
  /** Ranges without gaps or overlaps between them, ascending, as begin and end by turns. */
  readonly #bounds: number[] = [];
  #octets = 0;

  /** How many octets have come. */
  get octets(): number {
    return this.#octets;
  }

  /** Adds a range; false: some of it has come before, or there are too many gaps. */
  add(begin: number, length: number): boolean {
    const bounds = this.#bounds;
    const end = begin + length;
    let at = bounds.length;
    while (at > 0 && bounds[at - 2]! >= end) at -= 2;
    if (at > 0 && bounds[at - 1]! > begin) return false;
    this.#octets += length;
    const joinsLeft = at > 0 && bounds[at - 1] === begin;
    const joinsRight = at < bounds.length && bounds[at] === end;
    if (joinsLeft && joinsRight) bounds.splice(at - 1, 2);
    else if (joinsLeft) bounds[at - 1] = end;
    else if (joinsRight) bounds[at] = begin;
    else bounds.splice(at, 0, begin, end);
    return bounds.length <= 2 * MOST_PIECES;
  }

  reset(): void {
    this.#bounds.length = 0;
    this.#octets = 0;
  }
}
