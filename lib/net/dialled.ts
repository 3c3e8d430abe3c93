/** Where is dialled to, and what comes of it. */
import type { ByteStream } from "../runtime/byte_stream.ts";

export interface TcpAddress {
  /** A name, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A connection that has come about. */
export interface Dialled {
  readonly stream: ByteStream;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}
