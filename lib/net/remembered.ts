/**
 * Answers that take time, remembered for a while: one question under way for each key, few in all,
 * and nobody waits much longer for one than the deadline.
 */
import type { Clock } from "../runtime/clock.ts";
import type { Finding } from "./witness.ts";

/** Nobody answered the question; asked again, somebody may. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export interface RememberedOptions<T> {
  readonly clock: Clock;
  /**
   * Finds the answer. The message of what it throws is the failure, after which an old answer holds
   * no more, unless it is NoAnswer.
   */
  ask(key: string): Promise<T>;
  /** How long nothing is asked again after a failure. */
  readonly failureMs: number;
  /** How long an answer may be used where no new one can be found. */
  readonly staleMs: number;
  /** How long is waited for an answer; one that comes later is taken all the same. */
  readonly deadlineMs: number;
  /** Questions under way at once. */
  readonly atOnce: number;
  /** Keys that are remembered, the latest ones. */
  readonly most: number;
}

const NOT_YET = "it has not been looked up yet";

interface Memory<T> {
  answer: T | undefined;
  answeredMs: number;
  failure: string;
  /** The last question was not answered, be it with a failure. */
  isUnanswered: boolean;
  failedMs: number;
  /** When the last question began. */
  askedMs: number;
  /** Resolves when the question under way is answered, or the deadline is over. */
  asking: Promise<void> | undefined;
}

export class Remembered<T> {
  readonly #options: RememberedOptions<T>;
  /** The least recently asked for first. */
  readonly #memories = new Map<string, Memory<T>>();
  readonly #queue: (() => void)[] = [];
  #underWay = 0;

  constructor(options: RememberedOptions<T>) {
    this.#options = options;
  }

  /** What is known now; a failure where that is nothing. */
  know(key: string): Finding<T> {
    const memory = this.#memories.get(key);
    if (memory === undefined) return { failure: NOT_YET };
    const { staleMs, clock } = this.#options;
    const isUsable = clock.nowMs() - memory.answeredMs <= staleMs;
    return isUsable ? { value: memory.answer! } : { failure: memory.failure };
  }

  /** The last question is not answered, not even with a failure. */
  isUnanswered(key: string): boolean {
    return this.#memories.get(key)?.isUnanswered ?? true;
  }

  /** Asks, unless that was begun less than so long ago; undefined where nothing is waited for. */
  refresh(key: string, freshMs: number): Promise<void> | undefined {
    const memory = this.#memoryOf(key);
    const nowMs = this.#options.clock.nowMs();
    const isFresh = nowMs - memory.askedMs < freshMs;
    if (memory.asking !== undefined) {
      return isFresh ? memory.asking : memory.asking.then(() => this.#askUnlessAsking(key, memory));
    }
    if (isFresh || nowMs - memory.failedMs < this.#options.failureMs) return undefined;
    return this.#askUnlessAsking(key, memory);
  }

  #memoryOf(key: string): Memory<T> {
    const memory = this.#memories.get(key) ?? {
      answer: undefined,
      answeredMs: -Infinity,
      failure: NOT_YET,
      isUnanswered: true,
      failedMs: -Infinity,
      askedMs: -Infinity,
      asking: undefined,
    };
    this.#memories.delete(key);
    this.#memories.set(key, memory);
    if (this.#memories.size > this.#options.most) {
      this.#memories.delete(this.#memories.keys().next().value!);
    }
    return memory;
  }

  /** One that is overdue goes on: it is not asked again before it is answered. */
  #askUnlessAsking(key: string, memory: Memory<T>): Promise<void> {
    return memory.asking ??= this.#ask(key, memory);
  }

  async #ask(key: string, memory: Memory<T>): Promise<void> {
    const { clock, deadlineMs } = this.#options;
    memory.askedMs = clock.nowMs();
    const overdue = Promise.withResolvers<void>();
    const callOff = clock.after(deadlineMs, () => {
      memory.failure = `no answer came within ${deadlineMs / 1000} seconds`;
      memory.failedMs = clock.nowMs();
      memory.isUnanswered = true;
      overdue.resolve();
    });
    const answered = this.#inTurn(() => this.#find(key, memory)).finally(() => {
      callOff();
      memory.asking = undefined;
    });
    await Promise.race([answered, overdue.promise]);
  }

  async #find(key: string, memory: Memory<T>): Promise<void> {
    const { clock, ask } = this.#options;
    try {
      memory.answer = await ask(key);
      memory.answeredMs = clock.nowMs();
      memory.failedMs = -Infinity;
      memory.isUnanswered = false;
    } catch (error) {
      memory.failure = error instanceof Error ? error.message : String(error);
      memory.failedMs = clock.nowMs();
      memory.isUnanswered = error instanceof NoAnswer;
      if (!memory.isUnanswered) memory.answeredMs = -Infinity;
    }
  }

  /** Waits until fewer than the most are under way. */
  async #inTurn(action: () => Promise<void>): Promise<void> {
    if (this.#underWay >= this.#options.atOnce) {
      await new Promise<void>((then) => this.#queue.push(then));
    }
    this.#underWay++;
    try {
      await action();
    } finally {
      this.#underWay--;
      this.#queue.shift()?.();
    }
  }
}
