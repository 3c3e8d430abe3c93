/**
 * The connections to a server that are open now: one, or several where the server takes them. When
 * one is lost all are, since what the server has forgotten cannot be told from outside.
 */
import { Pump } from "../../net/pump.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { BufferPool } from "../../wire/buffer_pool.ts";
import type { NbdAddress } from "../address.ts";
import { TransmissionFlag } from "../messages/export_info.ts";
import { Connection } from "./connection.ts";
import type { Dial } from "./dial.ts";
import type { Limits } from "./limits.ts";
import type { Operation } from "./operation.ts";
import { offers, type Terms } from "./terms.ts";

export interface LinkOptions {
  readonly address: NbdAddress;
  readonly limits: Limits;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly receiveBuffers: BufferPool;
  readonly sendBuffers: BufferPool;
  /** It is over, well or not as its `error` says. */
  readonly over: (operation: Operation) => void;
  /** One more request may be sent. */
  readonly ready: () => void;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #connections: Connection[] = [];
  readonly #pumps: Promise<void>[] = [];
  /** What was sent and has not been answered, in that order. */
  readonly #sent = new Set<Operation>();
  readonly #lost = Promise.withResolvers<Error>();
  #isOver = false;
  #terms: Terms | undefined;

  private constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connects and negotiates, within the time for that. */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    try {
      const { connection, terms } = await link.#connect();
      link.#terms = terms;
      link.#connections.push(connection);
      const most = offers(terms, TransmissionFlag.CAN_MULTI_CONN) ? options.limits.connections : 1;
      await Promise.all(Array.from({ length: most - 1 }, () => link.#connectAlso(terms)));
      if (connection.isClosed) throw new Error("the connection was lost at once");
    } catch (error) {
      await link.drop("it did not come about");
      throw error;
    }
    return link;
  }

  get terms(): Terms {
    return this.#terms!;
  }

  /** How many connections there are. */
  get width(): number {
    return this.#connections.length;
  }

  /** Resolves with why, when the connections are lost; never while nothing is wrong. */
  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  /** What was sent and has not been answered, in that order. */
  get unanswered(): readonly Operation[] {
    return [...this.#sent];
  }

  /** One connection more, as far as it can be had: fewer do the same. */
  async #connectAlso(wanted: Terms): Promise<void> {
    try {
      const { connection, terms } = await this.#connect();
      if (connection.isClosed) return;
      if (terms.size === wanted.size) this.#connections.push(connection);
      else connection.leave();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }

  async #connect(): Promise<{ readonly connection: Connection; readonly terms: Terms }> {
    const { address, limits, dial, clock } = this.#options;
    const stream = await dial(address, limits.handshakeMs);
    const wake = (): void => pump.wake();
    const connection = new Connection({
      exportName: address.exportName,
      limits,
      receiveBuffers: this.#options.receiveBuffers,
      sendBuffers: this.#options.sendBuffers,
      nowMs: () => clock.nowMs(),
      over: (operation) => this.#over(operation),
      ready: this.#options.ready,
      ended: (reason) => this.#ended(connection, reason),
      wake,
    });
    const pump = new Pump(stream, connection, () => clock.nowMs());
    this.#pumps.push(pump.run());
    const callOff = clock.after(limits.handshakeMs, () => connection.close("it did not answer"));
    try {
      return { connection, terms: await connection.terms };
    } finally {
      callOff();
    }
  }

  #over(operation: Operation): void {
    this.#sent.delete(operation);
    this.#options.over(operation);
  }

  #ended(connection: Connection, reason: Error): void {
    // One that has not been taken into use is missed by nobody.
    if (this.#isOver || !this.#connections.includes(connection)) return;
    this.#isOver = true;
    this.#lost.resolve(reason);
    for (const each of this.#connections) each.close("another connection was lost");
  }

  /** Sends it by the connection that has the least to do; false: none takes any more. */
  send(operation: Operation): boolean {
    if (this.#isOver) return false;
    let best: Connection | undefined;
    for (const connection of this.#connections) {
      if (!connection.isReady) continue;
      if (best === undefined || connection.count < best.count) best = connection;
    }
    if (best === undefined) return false;
    this.#sent.add(operation);
    best.send(operation);
    return true;
  }

  /** Connections on which answers are due, and whose server has been silent for so long. */
  silentFor(ms: number): Connection[] {
    const nowMs = this.#options.clock.nowMs();
    return this.#connections.filter(({ count, heardMs }) => count > 0 && nowMs - heardMs > ms);
  }

  /** Says farewell; what was asked has been answered. Resolves when nothing of it is left. */
  async leave(): Promise<void> {
    this.#isOver = true;
    for (const connection of this.#connections) connection.leave();
    const { clock, limits } = this.#options;
    const callOff = clock.after(limits.handshakeMs, () => {
      for (const connection of this.#connections) connection.close("it did not close in time");
    });
    await Promise.all(this.#pumps);
    callOff();
  }

  /** Closes at once; resolves when no transfer uses a buffer any more. */
  async drop(reason: string): Promise<void> {
    if (!this.#isOver) this.#lost.resolve(new Error(reason));
    this.#isOver = true;
    for (const connection of this.#connections) connection.close(reason);
    await Promise.all(this.#pumps);
  }
}
