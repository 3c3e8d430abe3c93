/**
 * Connects from a given address of this machine, which Deno's own sockets cannot. Node's can, at
 * more cost for each transfer: they are used, and loaded, only where an address is asked for.
 */
import { connect, type Socket } from "node:net";
import type { ByteStream } from "../runtime/byte_stream.ts";
import type { Dialled, TcpAddress } from "./dialled.ts";

/** Octets that are received at once. */
const BUFFER_LENGTH = 262_144;

/** What comes is copied: a socket may hold on to a buffer long after its read. */
class SocketStream implements ByteStream {
  socket!: Socket;
  readonly buffer = new Uint8Array(BUFFER_LENGTH);
  /** Octets that came and nobody has read. */
  #left = this.buffer.subarray(0, 0);
  #reading: PromiseWithResolvers<void> | undefined;
  #isOver = false;
  #error: Error | undefined;

  /** So many octets have come; no more until they have been read. */
  arrived(count: number): boolean {
    this.#left = this.buffer.subarray(0, count);
    this.#reading?.resolve();
    return false;
  }

  ended(error?: Error): void {
    this.#isOver = true;
    this.#error ??= error;
    this.#reading?.resolve();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#left.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver) return null;
      this.#reading = Promise.withResolvers();
      this.socket.resume();
      await this.#reading.promise;
    }
    const count = Math.min(this.#left.length, into.length);
    into.set(this.#left.subarray(0, count));
    this.#left = this.#left.subarray(count);
    return count;
  }

  write(octets: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.socket.write(octets, (error) => error ? reject(error) : resolve(octets.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.socket.end(resolve));
  }

  close(): void {
    this.socket.destroy();
    this.ended(new Error("closed"));
  }
}

export function dialFrom(
  localAddress: string,
  { host, port }: TcpAddress,
  signal: AbortSignal,
): Promise<Dialled> {
  const stream = new SocketStream();
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, localAddress, noDelay: true },
      onread: { buffer: stream.buffer, callback: (count: number) => stream.arrived(count) },
    });
    stream.socket = socket;
    signal.addEventListener("abort", () => socket.destroy(new Error("no answer")), { once: true });
    socket.once("error", reject);
    socket.on("error", (error) => stream.ended(error));
    socket.on("end", () => stream.ended());
    socket.on("close", () => stream.ended());
    socket.once("connect", () =>
      resolve({
        stream,
        localAddress: socket.localAddress ?? localAddress,
        localPort: socket.localPort ?? 0,
        remoteAddress: socket.remoteAddress ?? host,
        remotePort: socket.remotePort ?? port,
      }));
  });
}
