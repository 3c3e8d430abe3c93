/** Octets both ways: a TCP connection, a Unix socket, or one end of a pair in memory. */
export interface ByteStream {
  /** Resolves with the octets received, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves with how many octets were taken; they must not change until then. */
  write(octets: Uint8Array): Promise<number>;
  /** Receives what has come already, where that needs no waiting; 0: `read` knows more. */
  readNow?(into: Uint8Array): number;
  /** Sends what fits, where that can be done without waiting; 0: `write` knows more. */
  writeNow?(octets: Uint8Array): number;
  /** Says that no more will be written. */
  closeWrite(): Promise<void>;
  close(): void;
}
