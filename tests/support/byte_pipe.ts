/**
 * Two ends of a byte stream in memory, as a TCP connection would be: for tests of both sides'
 * engines.
 */
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";

class End implements ByteStream {
  readonly #received: Uint8Array[] = [];
  #over = false;
  #waiting: (() => void) | undefined;
  #draining: (() => void)[] = [];
  #holding = false;
  peer!: End;
  /** The most octets that one write takes. */
  writeLimit = Infinity;
  /** The most octets that one read gives. */
  readLimit = Infinity;

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#received.length === 0) {
      if (this.#over) return null;
      await new Promise<void>((arrived) => this.#waiting = arrived);
    }
    const first = this.#received[0]!;
    const count = Math.min(first.length, into.length, this.readLimit);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#received.shift();
    else this.#received[0] = first.subarray(count);
    return count;
  }

  async write(octets: Uint8Array): Promise<number> {
    if (this.#over && this.peer.#over) throw new Deno.errors.BrokenPipe("Broken pipe");
    while (this.peer.#holding) {
      await new Promise<void>((taken) => this.peer.#draining.push(taken));
      if (this.#over) throw new Deno.errors.BrokenPipe("Broken pipe");
    }
    const count = Math.min(octets.length, this.writeLimit);
    this.peer.#arrive(octets.slice(0, count));
    return count;
  }

  /** From now on nothing is taken from the peer, whose writes stay pending. */
  stopTaking(): void {
    this.#holding = true;
  }

  takeAgain(): void {
    this.#holding = false;
    this.#release();
  }

  #release(): void {
    for (const taken of this.#draining.splice(0)) taken();
  }

  closeWrite(): Promise<void> {
    this.peer.#end();
    return Promise.resolve();
  }

  close(): void {
    this.#holding = false;
    this.#end();
    this.peer.#end();
    this.#release();
    this.peer.#release();
  }

  #arrive(octets: Uint8Array): void {
    this.#received.push(octets);
    this.#wake();
  }

  #end(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

export type PipeEnd = End;

export function bytePipe(): [PipeEnd, PipeEnd] {
  const a = new End();
  const b = new End();
  a.peer = b;
  b.peer = a;
  return [a, b];
}
