/** What a client may make us hold. Every one is given at construction; these are the defaults. */
export interface Limits {
  /** Exports of one server. */
  readonly exports: number;
  /** Connections in the transmission phase; further ones are refused. */
  readonly connections: number;
  /** Besides them, those that negotiate, in all and from one address: the oldest make way. */
  readonly connectionsInHandshake: number;
  readonly connectionsInHandshakeFromOneAddress: number;
  readonly handshakeDeadlineMs: number;
  /** Octets of data of one option: a longer one ends the connection. */
  readonly optionLength: number;
  readonly optionsOfHandshake: number;
  /** Requests of a connection that are dealt with at once; the next ones wait in its socket. */
  readonly requestsOfConnection: number;
  /** Octets of data of one request: the maximum payload size. */
  readonly payloadLength: number;
  /** Octets of writes of a connection that wait for the medium before no more is received. */
  readonly pendingWriteOctetsOfConnection: number;
  /** Octets read and not sent yet, of a connection and of all; one read at least has its turn. */
  readonly heldOctetsOfConnection: number;
  readonly heldOctets: number;
  /** A client that takes none of our octets for so long is dropped. */
  readonly writeStallMs: number;
  /** How long we wait for the client to close after the end. */
  readonly closeDeadlineMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  exports: 1024,
  connections: 1024,
  connectionsInHandshake: 256,
  connectionsInHandshakeFromOneAddress: 128,
  handshakeDeadlineMs: 15_000,
  optionLength: 64 << 10,
  optionsOfHandshake: 64,
  requestsOfConnection: 128,
  payloadLength: 32 << 20,
  pendingWriteOctetsOfConnection: 8 << 20,
  heldOctetsOfConnection: 4 << 20,
  heldOctets: 256 << 20,
  writeStallMs: 60_000,
  closeDeadlineMs: 5_000,
};
