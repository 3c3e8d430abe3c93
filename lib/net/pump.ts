/**
 * Moves octets between a stream and an engine: everything that waits is here, so that the engine
 * never does. One write takes a whole batch of what was laid out; while it is under way the next
 * batch is laid out.
 */
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Engine } from "./engine.ts";
import { Patience, PATIENCE_MS } from "./patience.ts";
import { Turns } from "./turns.ts";

/** How long a connection that is alone keeps its turn. */
const TURN_MS = 1;

/** Promises behind one another until whoever asked for what came goes on, and asks again. */
const TICKS = 8;

/** Tries between two looks at the clock. */
const TRIES = 8;

/**
 * Octets that are written without waiting before others get their turn. What is written much faster
 * than the peer reads it leaves the caches before that does.
 */
const MOST_NOW = 512 << 10;

/** So many octets at once come by themselves; whoever takes them early takes them in pieces. */
const MUCH = 64 << 10;

type Direct = ByteStream & Required<Pick<ByteStream, "readNow">>;

/** There is one event loop. */
const turns = new Turns();

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
  readonly #patience = new Patience();
  #turnEndsMs = 0;
  /** What was read last left no space. */
  #isMoreComing = false;

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
        const count = this.#readNow(space) || await this.#read(space);
        if (count === null) break;
        engine.inbox.fill(count);
        // The inbox moves what it holds only while no read is under way: so all that is here is
        // dealt with before the next one begins.
        while (!engine.receive()) {
          this.wake();
          if (engine.isBlocked) await this.#blocked();
        }
        this.#isMoreComing = count === space.length;
        this.#fit(count);
        this.wake();
        // What has been settled goes on, before more is received.
        for (let ticks = this.#ticks; ticks > 0; ticks--) await undefined;
      }
      engine.close("closed by the peer");
    } catch (error) {
      engine.close(error instanceof Error ? error.message : String(error));
    } finally {
      this.#reading = false;
      this.#release();
    }
  }

  /** Who is to be waited for in place has to have been asked before. */
  get #ticks(): number {
    return this.#engine.isEager && this.#stream.readNow !== undefined ? TICKS : 1;
  }

  async #read(space: Uint8Array): Promise<number | null> {
    const count = await this.#stream.read(space);
    if (this.#stream.readNow === undefined) return count;
    turns.take(this);
    this.#turnEndsMs = performance.now() + TURN_MS;
    return count;
  }

  /** What comes without the event loop, for as long as a turn lasts; 0: nothing. */
  #readNow(space: Uint8Array): number {
    const stream = this.#stream;
    if (stream.readNow === undefined || performance.now() > this.#turnEndsMs) return 0;
    if (this.#isMoreComing || this.#engine.inbox.diverted > 0) return stream.readNow(space);
    return this.#waitInPlace(stream as Direct, space);
  }

  /** What a quick peer that is alone sends for its answers. */
  #waitInPlace(stream: Direct, space: Uint8Array): number {
    if (!turns.isAlone(this) || !this.#engine.isIdle || this.#writing) return 0;
    if (!this.#patience.pays) return 0;
    let count = stream.readNow(space);
    if (count > 0) {
      // It does not wait for answers: the more comes at once the better.
      const isGood = this.#engine.isEager && count < MUCH;
      if (!isGood && this.#engine.inbox.available === 0) this.#patience.superfluous();
      return count;
    }
    const endMs = performance.now() + PATIENCE_MS;
    while (performance.now() < endMs) {
      for (let tries = 0; tries < TRIES; tries++) {
        count = stream.readNow(space);
        if (count === 0) continue;
        this.#patience.rewarded();
        return count;
      }
    }
    this.#patience.disappointed();
    return 0;
  }

  /** A full buffer means that more is coming, and a large one pays off, where it may be had. */
  #fit(count: number): void {
    const { inbox } = this.#engine;
    if (this.#isMoreComing && inbox.borrows) inbox.expectMore();
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
      for (let written = 0; engine.outbox.length > 0 && !engine.isClosed;) {
        let octets = engine.outbox.drain();
        if (written < MOST_NOW) {
          written += octets.length;
          octets = this.#writeNow(octets);
        }
        if (octets.length > 0) this.#unblock(); // more is laid out while this is written
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

  /** Writes what can be without waiting; answers what is left. */
  #writeNow(octets: Uint8Array): Uint8Array {
    const count = this.#stream.writeNow?.(octets) ?? 0;
    return count === 0 ? octets : octets.subarray(count);
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
