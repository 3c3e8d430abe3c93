/** What ends a connection: the peer broke the protocol and nothing on the wire can mend it. */

/** Where a ProtocolError comes from, for the log. */
export interface ProtocolErrorDetails {
  /** The rule that was broken, as in "RFC 7143 11.2.1.6". */
  readonly section?: string;
  /** The opcode of the PDU at fault. */
  readonly opcode?: number;
  readonly cause?: unknown;
}

/** Thrown by an engine, caught by its pump: log, then close the connection. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly section: string | undefined;
  readonly opcode: number | undefined;

  constructor(message: string, details: ProtocolErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.section = details.section;
    this.opcode = details.opcode;
  }
}
