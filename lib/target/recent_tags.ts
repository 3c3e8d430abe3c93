/** The last few initiator task tags that were noted: a ring, so that it never grows. */
const LENGTH = 256;

export class RecentTags {
  readonly #tags = new Uint32Array(LENGTH).fill(0xffffffff);
  #next = 0;

  note(tag: number): void {
    this.#tags[this.#next] = tag;
    this.#next = (this.#next + 1) % LENGTH;
  }

  has(tag: number): boolean {
    return this.#tags.includes(tag);
  }
}
