/**
 * Listens on portals and runs a connection for everyone who comes, within the limits. The only file
 * of the target that knows sockets.
 */
import { acceptAll } from "../net/accept_all.ts";
import { directSocket } from "../net/direct_socket.ts";
import { Newcomers } from "../net/newcomers.ts";
import { Pump } from "../net/pump.ts";
import type { ByteStream } from "../runtime/byte_stream.ts";
import { within } from "../runtime/within.ts";
import { BufferPool } from "../wire/buffer_pool.ts";
import { logoutRequested } from "./announcement.ts";
import { Connection } from "./connection.ts";
import type { TargetNode } from "./node.ts";

/** How often connections look at their clocks. */
const TICK_MS = 1000;

/** Receive buffers hold the longest PDU and what came behind it. */
const RECEIVE_BUFFER_LENGTH = 512 << 10;
/**
 * Send buffers hold a batch: eight reads of 64 KiB, or two Data-Ins of 256 KiB. Each write wakes
 * the initiator and is an effort of its own, so half of this costs a fifth more for each octet;
 * with twice as much a core's cache no longer holds what is filled until it is written.
 */
const SEND_BUFFER_LENGTH = 544 << 10;
const LEAN_SEND_BUFFER_LENGTH = 64 << 10;
const LENT_BUFFERS = 64;
/**
 * Many answer at once, if only a little: what is not kept is made again and again, and memory that
 * was let go is slow to come back to the machine.
 */
const KEPT_SEND_BUFFERS = LENT_BUFFERS;
const KEPT_RECEIVE_BUFFERS = 16;

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** An address where whoever comes is taken. */
export interface Listening extends Address {
  /** Resolves when the address is free. */
  close(): Promise<void>;
}

interface Active {
  readonly connection: Connection;
  readonly pump: Pump;
  readonly ended: Promise<void>;
}

export class TargetServer {
  readonly #node: TargetNode;
  readonly #listeners = new Map<Deno.TcpListener, Promise<void>>();
  readonly #active = new Set<Active>();
  /** Connections that have not logged in. */
  readonly #strangers: Newcomers<Connection>;
  readonly #receiveBuffers: BufferPool;
  readonly #sendBuffers: BufferPool;
  #stopTicking: (() => void) | undefined;

  constructor(node: TargetNode) {
    this.#node = node;
    this.#strangers = new Newcomers({
      get most() {
        return node.limits.connectionsInLogin;
      },
      get mostFromOneAddress() {
        return node.limits.connectionsInLoginFromOneAddress;
      },
      isNew: ({ session }) => session === undefined,
      dismiss: (stranger) => stranger.close("made way for others: it had not logged in"),
    });
    // The longest PDU with its header, additional header segments, padding and digests.
    const frame = node.limits.maxRecvDataSegmentLength + 2048;
    const length = Math.max(RECEIVE_BUFFER_LENGTH, frame);
    this.#receiveBuffers = new BufferPool(length, frame, LENT_BUFFERS, KEPT_RECEIVE_BUFFERS);
    this.#sendBuffers = new BufferPool(
      SEND_BUFFER_LENGTH,
      LEAN_SEND_BUFFER_LENGTH,
      LENT_BUFFERS,
      KEPT_SEND_BUFFERS,
    );
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#active.size;
  }

  /** Large buffers that connections have borrowed. */
  get lentBuffers(): number {
    return this.#receiveBuffers.lent + this.#sendBuffers.lent;
  }

  /** Begins to accept on an address; port 0 takes a free one. Who has come stays when it closes. */
  listen(address: Address): Listening {
    const listener = Deno.listen({ ...address, transport: "tcp" });
    const { clock, logger, strangerLogger } = this.#node;
    const admit = (stream: Deno.TcpConn) => this.#admit(stream);
    const accepting = acceptAll(listener, { clock, logger, strangerLogger, admit });
    this.#listeners.set(listener, accepting);
    this.#tick();
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const close = async (): Promise<void> => {
      if (this.#listeners.delete(listener)) listener.close();
      await accepting; // until then the address is taken
    };
    return { hostname, port, close };
  }

  #admit(stream: Deno.TcpConn): void {
    const remote = stream.remoteAddr as Deno.NetAddr;
    const local = stream.localAddr as Deno.NetAddr;
    stream.setNoDelay(true);
    stream.unref?.();
    this.run(directSocket(stream), {
      localAddress: local.hostname,
      localPort: local.port,
      remoteAddress: remote.hostname,
      remotePort: remote.port,
      portalGroupTag: this.#node.portalGroupTagOf(local.hostname, local.port),
    });
  }

  /**
   * Runs a connection over any stream; resolves when it has ended. Whether a session may have one
   * more is decided, and said, at the end of its login; until then it is a stranger.
   */
  run(stream: ByteStream, endpoint: Connection["endpoint"]): Promise<void> {
    this.#strangers.makeWay(endpoint.remoteAddress);
    const wake = (): void => pump.wake();
    const connection = new Connection({
      node: this.#node,
      endpoint,
      receiveBuffers: this.#receiveBuffers,
      sendBuffers: this.#sendBuffers,
      wake,
    });
    const pump = new Pump(stream, connection, () => this.#node.clock.nowMs());
    const ended = pump.run().finally(() => {
      this.#active.delete(active);
      this.#strangers.remove(connection);
    });
    const active = { connection, pump, ended };
    this.#active.add(active);
    this.#strangers.add(connection, endpoint.remoteAddress);
    return ended;
  }

  #tick(): void {
    if (this.#stopTicking !== undefined) return;
    this.#stopTicking = this.#node.clock.after(TICK_MS, () => {
      this.#stopTicking = undefined;
      this.tickNow();
      if (this.#listeners.size > 0 || this.#active.size > 0) this.#tick();
    });
  }

  /** Lets every connection look at its clock. */
  tickNow(): void {
    const nowMs = this.#node.clock.nowMs();
    const { writeStallMs } = this.#node.limits;
    for (const { connection, pump } of [...this.#active]) {
      try {
        if (pump.writingSinceMs !== undefined && nowMs - pump.writingSinceMs > writeStallMs) {
          connection.close("the peer takes no data");
        } else connection.tick(nowMs);
      } catch (error) {
        connection.fail(error);
      }
    }
  }

  /**
   * Stops: no new connections; initiators are asked to log out and given `drainMs` for it; then
   * everything is closed. RFC 7143 11.9.1.
   */
  async close({ drainMs }: { readonly drainMs: number }): Promise<void> {
    const listeners = [...this.#listeners.keys()];
    const accepting = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.close();
    await Promise.all(accepting);
    if (drainMs > 0 && this.#active.size > 0) await this.#drain(drainMs);
    await this.#endSessions();
    for (const { connection } of [...this.#active]) connection.close("the service stops");
    await Promise.all([...this.#active].map(({ ended }) => ended));
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  async #drain(drainMs: number): Promise<void> {
    for (const { connection } of this.#active) {
      connection.announce(logoutRequested(Math.ceil(drainMs / 1000)));
    }
    await within(this.#node.clock, drainMs, [...this.#active].map(({ ended }) => ended));
  }

  /** A disk that does not answer must not keep the service from its end. */
  async #endSessions(): Promise<void> {
    const { sessions, limits, logger, clock } = this.#node;
    const ends = [...sessions.values()].map((session) => session.terminate("the service stops"));
    if (await within(clock, limits.logoutDeadlineMs, ends)) return;
    for (const { initiatorName, tasks } of sessions.values()) {
      logger.warn("commands did not end in time", { initiator: initiatorName, count: tasks.size });
    }
  }
}
