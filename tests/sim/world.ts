/**
 * What happens, and in which order: whatever takes time waits here, and one thing after the other
 * is let go, chosen by a seed. No wall time is involved, so a seed always tells the same story.
 */
import { Chance } from "../support/chance.ts";

export class World {
  readonly chance: Chance;
  /** Things that have happened. */
  step = 0;
  /** The last things that happened, for the report of a failure. */
  readonly #story: string[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  /** Resolves at some later time. */
  later(): Promise<void> {
    return new Promise((happen) => this.#waiting.push(happen));
  }

  /** Resolves after so many other things. */
  async after(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.later();
  }

  tell(what: string): void {
    this.#story.push(`${this.step}: ${what}`);
    if (this.#story.length > 4000) this.#story.splice(0, 2000);
  }

  get story(): string {
    return this.#story.slice(-200).join("\n");
  }

  /** Lets things happen until `isOver`; false: nothing could happen any more, or too much did. */
  async run(isOver: () => boolean, mostSteps: number): Promise<boolean> {
    for (const end = this.step + mostSteps; this.step < end; this.step++) {
      if (isOver()) return true;
      if (this.#waiting.length === 0 && !await this.#comesAlive()) return isOver();
      this.#letGo();
      while (this.chance.in100(20) && this.#waiting.length > 0) this.#letGo();
      await turn();
    }
    return isOver();
  }

  #letGo(): void {
    const at = this.chance.below(this.#waiting.length);
    const happen = this.#waiting[at]!;
    const last = this.#waiting.pop()!;
    if (at < this.#waiting.length) this.#waiting[at] = last;
    happen();
  }

  /** Long commands give the event loop its turn without waiting for anything here. */
  async #comesAlive(): Promise<boolean> {
    for (let i = 0; i < 100 && this.#waiting.length === 0; i++) await turn();
    return this.#waiting.length > 0;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
