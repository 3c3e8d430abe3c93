/**
 * Moves octets between a stream and an engine: everything that waits is here, so that the engine
 * never does. One write takes a whole batch of what was laid out; while it is under way the next
 * batch is laid out.
 */
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Engine } from "./engine.ts";

export class Pump {
  readonly #stream: ByteStream;
  readonly #engine: Engine;
  #reading = true;
  #writing = false;
  /** No more is written. */
  #shut = false;
  #closed = false;
  #unblocked: (() => void) | undefined;
  /** When the write under way was begun; undefined without one. */
  writingSinceMs: number | undefined;
  readonly #nowMs: () => number;

  constructor(stream: ByteStream, engine: Engine, nowMs: () => number) {
    this.#stream = stream;
    this.#engine = engine;
    this.#nowMs = nowMs;
  }

  /** Runs until the connection is closed, by either side, and leaves nothing behind. */
  async run(): Promise<void> {
    const engine = this.#engine;
    try {
      while (!engine.isClosed) {
        const space = engine.inbox.space();
        const count = await this.#stream.read(space);
        if (count === null) break;
        engine.inbox.fill(count);
        // The inbox moves what it holds only while no read is under way: so all that is here is
        // dealt with before the next one begins.
        while (!engine.receive()) {
          this.wake();
          if (engine.isBlocked) await this.#blocked();
        }
        this.#fit(count, space.length);
        this.wake();
      }
      engine.close("closed by the peer");
    } catch (error) {
      engine.close(error instanceof Error ? error.message : String(error));
    } finally {
      this.#reading = false;
      this.#release();
    }
  }

  /** A full buffer means that more is coming, and a large one pays off, where it may be had. */
  #fit(count: number, space: number): void {
    const { inbox } = this.#engine;
    if (count === space && inbox.borrows) inbox.expectMore();
    else if (inbox.isLarge && count < inbox.smallLength / 2) inbox.rest();
  }

  #blocked(): Promise<void> {
    return new Promise((unblocked) => this.#unblocked = unblocked);
  }

  /** Writes what is laid out, if anything is; to be called whenever something may have been. */
  wake(): void {
    const engine = this.#engine;
    if (engine.isClosed) this.#release();
    else if (!this.#writing && engine.outbox.length > 0) this.#write();
    else if (!this.#writing && engine.isEnding) this.#shutDown();
    this.#unblock();
  }

  #unblock(): void {
    if (this.#unblocked === undefined || this.#engine.isBlocked) return;
    this.#unblocked();
    this.#unblocked = undefined;
  }

  async #write(): Promise<void> {
    const engine = this.#engine;
    this.#writing = true;
    try {
      while (engine.outbox.length > 0 && !engine.isClosed) {
        let octets = engine.outbox.drain();
        this.#unblock(); // the next batch is laid out while this one is written
        while (octets.length > 0) {
          this.writingSinceMs = this.#nowMs();
          const count = await this.#stream.write(octets);
          octets = octets.subarray(count);
        }
        this.writingSinceMs = undefined;
        engine.drained();
      }
    } catch (error) {
      engine.close(error instanceof Error ? error.message : String(error));
    }
    this.#writing = false;
    this.wake();
  }

  /** All that was laid out has left; the peer is given the chance to read it before the end. */
  #shutDown(): void {
    if (this.#shut) return;
    this.#shut = true;
    this.#stream.closeWrite().catch(() => this.#engine.close("closed by the peer"));
  }

  /** The connection is closed: its stream goes, and its buffers when no transfer uses them. */
  #release(): void {
    if (!this.#closed) {
      this.#closed = true;
      try {
        this.#stream.close();
      } catch (error) {
        // It may have gone by itself; nothing is lost with it.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
    if (!this.#reading && !this.#writing) this.#engine.release();
  }
}
