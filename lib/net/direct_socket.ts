/**
 * A TCP connection that can be read and written without waiting, by calls of the C library: what
 * has come is there at once, and the event loop is asked only when nothing has. Every failure, and
 * the end, is left to Deno's own calls, which say what it is.
 */
import type { ByteStream } from "../runtime/byte_stream.ts";
import { type Libc, libc } from "../runtime/libc.ts";
import { wide } from "../runtime/wide.ts";
import { socketNumber } from "./socket_number.ts";

const MSG_DONTWAIT = 0x40;
/** send(2): no SIGPIPE for a peer that is gone. */
const MSG_NOSIGNAL = 0x4000;

const CLOSED = -1;

class DirectSocket implements ByteStream {
  readonly #socket: Deno.TcpConn;
  readonly #libc: Libc;
  /** Once the socket is closed its number is somebody else's. */
  #fd: number;

  constructor(socket: Deno.TcpConn, system: Libc, fd: number) {
    this.#socket = socket;
    this.#libc = system;
    this.#fd = fd;
  }

  readNow(into: Uint8Array): number {
    if (this.#fd === CLOSED) return 0;
    const count = this.#libc.recv(this.#fd, into, wide(into.length), MSG_DONTWAIT);
    return count > 0 ? count : 0;
  }

  writeNow(octets: Uint8Array): number {
    if (this.#fd === CLOSED) return 0;
    const count = this.#libc.send(
      this.#fd,
      octets,
      wide(octets.length),
      MSG_DONTWAIT | MSG_NOSIGNAL,
    );
    return count > 0 ? count : 0;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#socket.read(into);
  }

  write(octets: Uint8Array): Promise<number> {
    return this.#socket.write(octets);
  }

  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.#fd = CLOSED;
    this.#socket.close();
  }
}

/** The connection, made direct where the C library can be asked. Only the answer may be used. */
export function directSocket(socket: Deno.TcpConn): ByteStream {
  const system = libc();
  if (system === undefined) return socket;
  const fd = socketNumber(system, socket.localAddr, socket.remoteAddr);
  return fd === undefined ? socket : new DirectSocket(socket, system, fd);
}
