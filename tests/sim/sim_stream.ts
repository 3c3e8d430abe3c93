/**
 * Two ends of a byte stream whose octets arrive when the world lets them, in pieces of any length.
 */
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import type { World } from "./world.ts";

/** Octets on their way before a writer has to wait, as with the buffers of two kernels. */
const CAPACITY = 48 << 10;

export class SimStream implements ByteStream {
  readonly #world: World;
  peer!: SimStream;
  /** Octets that have arrived and were not read. */
  #arrived: Uint8Array[] = [];
  #length = 0;
  #isOver = false;
  #isClosed = false;
  #isStalled = false;
  #changed: (() => void)[] = [];
  /** What its owner did that nobody may do. */
  readonly wrongs: string[] = [];

  private constructor(world: World) {
    this.#world = world;
  }

  static pair(world: World): [SimStream, SimStream] {
    const [a, b] = [new SimStream(world), new SimStream(world)];
    a.peer = b;
    b.peer = a;
    return [a, b];
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (into.length === 0) this.wrongs.push("a read into nothing");
    await this.#world.later();
    while (this.#arrived.length === 0 || this.#isStalled) {
      if (this.#isClosed) throw new Deno.errors.BadResource("closed while it was read");
      if (this.#isOver && this.#arrived.length === 0) return null;
      await this.#change();
    }
    const [first] = this.#arrived;
    const whole = Math.min(first!.length, into.length);
    const count = this.#world.chance.in100(30) ? this.#world.chance.between(1, whole) : whole;
    into.set(first!.subarray(0, count));
    if (count === first!.length) this.#arrived.shift();
    else this.#arrived[0] = first!.subarray(count);
    this.#length -= count;
    this.peer.#notify();
    return count;
  }

  async write(octets: Uint8Array): Promise<number> {
    if (this.#isClosed) this.wrongs.push("a write after it was closed");
    const before = octets.slice();
    await this.#world.later();
    while (this.peer.#length >= CAPACITY && !this.#isClosed && !this.peer.#isClosed) {
      await this.#change();
    }
    if (this.#isClosed || this.peer.#isClosed) throw new Deno.errors.BrokenPipe("Broken pipe");
    if (before.some((octet, i) => octet !== octets[i])) {
      this.wrongs.push("octets changed while they were written");
    }
    const { chance } = this.#world;
    const count = chance.in100(30) ? chance.between(1, octets.length) : octets.length;
    this.peer.#arrived.push(octets.slice(0, count));
    this.peer.#length += count;
    this.peer.#notify();
    return count;
  }

  closeWrite(): Promise<void> {
    this.peer.#isOver = true;
    this.peer.#notify();
    return Promise.resolve();
  }

  close(): void {
    this.#isClosed = true;
    this.#isOver = true;
    this.peer.#isOver = true;
    this.#notify();
    this.peer.#notify();
  }

  /** Nothing is read for some time. */
  async stall(things: number): Promise<void> {
    this.#isStalled = true;
    await this.#world.after(things);
    this.#isStalled = false;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((changed) => this.#changed.push(changed));
  }

  #notify(): void {
    for (const changed of this.#changed.splice(0)) changed();
  }
}
