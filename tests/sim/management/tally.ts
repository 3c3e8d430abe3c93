/** How often what happened, so that a run that proves little is noticed. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, this.of(what) + count);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get text(): string {
    const counts = [...this.#counts].sort(([one], [other]) => one < other ? -1 : 1);
    return counts.map(([what, count]) => `${what} ${count}`).join(", ");
  }
}
