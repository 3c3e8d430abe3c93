/** What a server may make us hold, and how long we wait for it. */
export interface Limits {
  /** Connections to a server that takes several. */
  readonly connections: number;
  /** Requests of a connection that are under way at once; further ones wait. */
  readonly requestsOfConnection: number;
  /** Octets of one request; longer transfers are made of several. */
  readonly requestLength: number;
  /** Octets of one reply to an option: a longer one ends the connection. */
  readonly optionReplyLength: number;
  /** Replies to one option. */
  readonly optionReplies: number;
  /** How long connecting and negotiating may take. */
  readonly handshakeMs: number;
  /** What was asked waits so long for a server that is gone; then it fails. */
  readonly patienceMs: number;
  /** How long a server may be silent before it is seen whether it still is there. */
  readonly silenceMs: number;
  /** Octets of writes that are kept until a flush, in case the server forgets them. */
  readonly unflushedOctets: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 4,
  requestsOfConnection: 64,
  requestLength: 1 << 20,
  optionReplyLength: 64 << 10,
  optionReplies: 256,
  handshakeMs: 10_000,
  patienceMs: 60_000,
  silenceMs: 10_000,
  unflushedOctets: 64 << 20,
};
