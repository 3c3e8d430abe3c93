/**
 * Listens, and runs a connection for everyone who comes, within the limits. The only file of the
 * server that knows sockets.
 */
import { acceptAll } from "../../net/accept_all.ts";
import { directSocket } from "../../net/direct_socket.ts";
import { Newcomers } from "../../net/newcomers.ts";
import { Pump } from "../../net/pump.ts";
import type { ByteStream } from "../../runtime/byte_stream.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { type Logger, silentLogger } from "../../runtime/logger.ts";
import { RationedLogger } from "../../runtime/rationed_logger.ts";
import { BufferPool } from "../../wire/buffer_pool.ts";
import { Connection } from "./connection.ts";
import type { Export } from "./export.ts";
import { Exports } from "./exports.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { OctetBudget } from "./octet_budget.ts";

/** How often connections look at their clocks. */
const TICK_MS = 1000;

const RECEIVE_BUFFER_LENGTH = 512 << 10;
const LEAN_RECEIVE_BUFFER_LENGTH = 64 << 10;
/** Two of them, one being filled and one being written, stay in a core's cache. */
const SEND_BUFFER_LENGTH = 288 << 10;
/** Holds what must not be fragmented: 64 KiB. */
const LEAN_SEND_BUFFER_LENGTH = 96 << 10;
const LENT_BUFFERS = 64;
const KEPT_BUFFERS = 16;

/** Lines about strangers: one a second, and a few at once. */
const RATION = { burst: 10, perSecond: 1 } as const;

export type NbdAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

export interface NbdServerOptions {
  readonly limits?: Limits;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

interface Active {
  readonly connection: Connection;
  readonly pump: Pump;
  /** The stream is closed, and the device does nothing for it any more. */
  readonly ended: Promise<void>;
}

export class NbdServer {
  readonly exports: Exports;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #strangerLogger: Logger;
  readonly #listeners = new Map<Deno.Listener, Promise<void>>();
  readonly #active = new Set<Active>();
  readonly #newcomers: Newcomers<Connection>;
  readonly #receiveBuffers: BufferPool;
  readonly #sendBuffers: BufferPool;
  readonly #budget: OctetBudget;
  #stopTicking: (() => void) | undefined;

  constructor(options: NbdServerOptions = {}) {
    const limits = options.limits ?? DEFAULT_LIMITS;
    this.#limits = limits;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#strangerLogger = new RationedLogger(this.#logger, this.#clock, RATION);
    this.exports = new Exports(limits.exports);
    this.#newcomers = new Newcomers({
      most: limits.connectionsInHandshake,
      mostFromOneAddress: limits.connectionsInHandshakeFromOneAddress,
      isNew: (connection) => connection.export === undefined,
      dismiss: (connection) => connection.close("made way for others: it chose no export"),
    });
    this.#receiveBuffers = pool(RECEIVE_BUFFER_LENGTH, LEAN_RECEIVE_BUFFER_LENGTH);
    this.#sendBuffers = pool(SEND_BUFFER_LENGTH, LEAN_SEND_BUFFER_LENGTH);
    this.#budget = new OctetBudget(limits.heldOctets);
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#active.size;
  }

  /** Large buffers that connections have borrowed, and octets that they hold besides. */
  get lent(): { readonly buffers: number; readonly octets: number } {
    const buffers = this.#receiveBuffers.lent + this.#sendBuffers.lent;
    return { buffers, octets: this.#budget.taken };
  }

  /** Clients that have entered the export. */
  clientsOf(served: Export): number {
    return [...this.#active].filter(({ connection }) => connection.export === served).length;
  }

  /** Begins to accept on an address; port 0 takes a free one. Answers what was taken. */
  listen(address: NbdAddress): NbdAddress {
    const { transport } = address;
    const listener: Deno.Listener = transport === "tcp"
      ? Deno.listen({ ...address, transport })
      : Deno.listen({ ...address, transport });
    const options = {
      clock: this.#clock,
      logger: this.#logger,
      strangerLogger: this.#strangerLogger,
      admit: (stream: Deno.Conn) => this.#admit(stream),
    };
    this.#listeners.set(listener, acceptAll(listener, options));
    this.#tick();
    const taken = listener.addr;
    return taken.transport === "tcp"
      ? { transport: "tcp", hostname: taken.hostname, port: taken.port }
      : address;
  }

  #admit(stream: Deno.Conn): void {
    const { remoteAddr } = stream;
    if (remoteAddr.transport !== "tcp") return void this.run(stream, "unix");
    const socket = stream as Deno.TcpConn;
    // "Protocol phases": small replies must not wait for each other's acknowledgement.
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    this.run(directSocket(socket), remoteAddr.hostname);
  }

  /** Runs a connection over any stream; resolves when nothing of it is left. */
  run(stream: ByteStream, peer: string): Promise<void> {
    this.#newcomers.makeWay(peer);
    const wake = (): void => pump.wake();
    const connection = new Connection({
      peer,
      exports: this.exports,
      limits: this.#limits,
      clock: this.#clock,
      logger: this.#logger,
      strangerLogger: this.#strangerLogger,
      receiveBuffers: this.#receiveBuffers,
      sendBuffers: this.#sendBuffers,
      budget: this.#budget,
      hasPlace: () => this.#hasPlace,
      wake,
    });
    const pump = new Pump(stream, connection, () => this.#clock.nowMs());
    const active = { connection, pump, ended: this.#run(connection, pump) };
    this.#active.add(active);
    this.#newcomers.add(connection, peer);
    return active.ended.finally(() => this.#active.delete(active));
  }

  async #run(connection: Connection, pump: Pump): Promise<void> {
    pump.wake(); // the server speaks first
    await pump.run();
    this.#newcomers.remove(connection);
    await connection.idle();
  }

  get #hasPlace(): boolean {
    let count = 0;
    for (const { connection } of this.#active) if (connection.export !== undefined) count++;
    return count < this.#limits.connections;
  }

  #tick(): void {
    if (this.#stopTicking !== undefined) return;
    this.#stopTicking = this.#clock.after(TICK_MS, () => {
      this.#stopTicking = undefined;
      this.tickNow();
      if (this.#listeners.size > 0 || this.#active.size > 0) this.#tick();
    });
  }

  /** Lets every connection look at its clock. */
  tickNow(): void {
    const nowMs = this.#clock.nowMs();
    for (const { connection, pump } of [...this.#active]) {
      const { writingSinceMs } = pump;
      const isStalled = writingSinceMs !== undefined &&
        nowMs - writingSinceMs > this.#limits.writeStallMs;
      if (isStalled) connection.close("the client takes no data");
      else connection.tick(nowMs);
    }
  }

  /**
   * Takes an export away. Its clients have what they asked answered, for `drainMs` at most.
   * Resolves when nothing touches the device any more.
   */
  async withdraw(served: Export, { drainMs }: { readonly drainMs: number }): Promise<void> {
    this.exports.delete(served);
    await this.#end([...this.#active].filter((it) => it.connection.export === served), drainMs);
  }

  /** Stops: no new connections; what clients have asked is answered, for `drainMs` at most. */
  async close({ drainMs }: { readonly drainMs: number }): Promise<void> {
    const accepting = [...this.#listeners.values()];
    for (const listener of this.#listeners.keys()) listener.close();
    this.#listeners.clear();
    await Promise.all(accepting);
    for (const { connection } of [...this.#active]) {
      if (connection.export === undefined) connection.close("the server stops");
    }
    await this.#end([...this.#active], drainMs);
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  async #end(ending: readonly Active[], drainMs: number): Promise<void> {
    const ended = Promise.all(ending.map((active) => active.ended));
    if (drainMs > 0) {
      for (const { connection } of ending) connection.dismiss();
      const deadline = Promise.withResolvers<void>();
      const callOff = this.#clock.after(drainMs, deadline.resolve);
      await Promise.race([ended, deadline.promise]);
      callOff();
    }
    for (const { connection } of ending) connection.close("the export is served no more");
    await ended;
  }
}

function pool(length: number, leanLength: number): BufferPool {
  return new BufferPool(length, leanLength, LENT_BUFFERS, KEPT_BUFFERS);
}
