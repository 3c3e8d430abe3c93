/**
 * Moves octets between a stream and a connection: everything that waits is here, so that the engine
 * never does. One write takes a whole batch of PDUs; while it is under way the next batch is laid
 * out.
 */
import type { Connection } from "./connection.ts";

/** A TCP connection, or one end of a pair in memory. */
export interface ByteStream {
  /** Resolves with the octets received, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves with how many octets were taken; they must not change until then. */
  write(octets: Uint8Array): Promise<number>;
  /** Says that no more will be written. */
  closeWrite(): Promise<void>;
  close(): void;
}

export class Pump {
  readonly #stream: ByteStream;
  readonly #connection: Connection;
  #reading = true;
  #writing = false;
  /** No more is written. */
  #shut = false;
  #closed = false;
  #unblocked: (() => void) | undefined;
  /** When the write under way was begun; undefined without one. */
  writingSinceMs: number | undefined;
  readonly #nowMs: () => number;

  constructor(stream: ByteStream, connection: Connection, nowMs: () => number) {
    this.#stream = stream;
    this.#connection = connection;
    this.#nowMs = nowMs;
  }

  /** Runs until the connection is closed, by either side, and leaves nothing behind. */
  async run(): Promise<void> {
    const connection = this.#connection;
    try {
      while (connection.state !== "closed") {
        const space = connection.inbox.space();
        const count = await this.#stream.read(space);
        if (count === null) break;
        connection.inbox.fill(count);
        // The inbox moves what it holds only while no read is under way: so all that is here is
        // dealt with before the next one begins.
        while (!connection.receive()) {
          this.wake();
          if (connection.isBlocked) await this.#blocked();
        }
        this.#fit(count, space.length);
        this.wake();
      }
      connection.close("closed by the peer");
    } catch (error) {
      connection.close(error instanceof Error ? error.message : String(error));
    } finally {
      this.#reading = false;
      this.#release();
    }
  }

  /**
   * A full buffer means that more is coming, and a large one pays off; not for strangers, though.
   */
  #fit(count: number, space: number): void {
    const { inbox, session } = this.#connection;
    if (count === space && session !== undefined) inbox.expectMore();
    else if (inbox.isLarge && count < inbox.smallLength / 2) inbox.rest();
  }

  #blocked(): Promise<void> {
    return new Promise((unblocked) => this.#unblocked = unblocked);
  }

  /** Writes what is laid out, if anything is; to be called whenever something may have been. */
  wake(): void {
    const connection = this.#connection;
    if (connection.state === "closed") this.#release();
    else if (!this.#writing && connection.outbox.length > 0) this.#write();
    else if (!this.#writing && connection.state === "cleanup-wait") this.#shutDown();
    this.#unblock();
  }

  #unblock(): void {
    if (this.#unblocked === undefined || this.#connection.isBlocked) return;
    this.#unblocked();
    this.#unblocked = undefined;
  }

  async #write(): Promise<void> {
    const connection = this.#connection;
    this.#writing = true;
    try {
      while (connection.outbox.length > 0 && connection.state !== "closed") {
        let octets = connection.outbox.drain();
        this.#unblock(); // the next batch is laid out while this one is written
        while (octets.length > 0) {
          this.writingSinceMs = this.#nowMs();
          const count = await this.#stream.write(octets);
          octets = octets.subarray(count);
        }
        this.writingSinceMs = undefined;
        connection.drained();
      }
    } catch (error) {
      connection.close(error instanceof Error ? error.message : String(error));
    }
    this.#writing = false;
    this.wake();
  }

  /** All that was laid out has left; the peer is given the chance to read it before the end. */
  #shutDown(): void {
    if (this.#shut) return;
    this.#shut = true;
    this.#stream.closeWrite().catch(() => this.#connection.close("closed by the peer"));
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
    if (!this.#reading && !this.#writing) this.#connection.release();
  }
}
