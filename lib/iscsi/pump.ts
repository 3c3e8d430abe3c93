/**
 * Moves octets between a stream and a connection: everything that waits is here, so that the engine
 * never does. One write takes a whole batch of PDUs; while it is under way the next batch is laid
 * out.
 */
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Inbox } from "../wire/inbox.ts";
import type { Outbox } from "../wire/outbox.ts";

/** The engine of one connection, of either side. */
export interface PumpedConnection {
  /** "cleanup-wait": it ends once what is laid out has left. "closed": nothing moves any more. */
  readonly state: string;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** True while nothing more may be received. */
  readonly isBlocked: boolean;
  /** Deals with what is in the inbox. False: some may be left. */
  receive(): boolean;
  /** What was laid out has been written. */
  drained(): void;
  close(reason: string): void;
  /** Gives the buffers back; nothing is being read or written any more. */
  release(): void;
}

export class Pump {
  readonly #stream: ByteStream;
  readonly #connection: PumpedConnection;
  #reading = true;
  #writing = false;
  /** No more is written. */
  #shut = false;
  #closed = false;
  #unblocked: (() => void) | undefined;
  /** When the write under way was begun; undefined without one. */
  writingSinceMs: number | undefined;
  readonly #nowMs: () => number;

  constructor(stream: ByteStream, connection: PumpedConnection, nowMs: () => number) {
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
    const { inbox } = this.#connection;
    if (count === space && inbox.borrows) inbox.expectMore();
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
