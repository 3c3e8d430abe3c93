/** What a peer may make us hold, and how long we wait for it. These are the defaults. */
export interface IsnsLimits {
  readonly connectTimeoutMs: number;
  /** How long an answer may take. */
  readonly answerTimeoutMs: number;
  /** Of one message, in all its PDUs. */
  readonly messageLength: number;
  readonly messagePdus: number;
  readonly attributes: number;
  /** Requests that wait for their answers. */
  readonly requests: number;
  /** Octets of answers of ours that a peer does not take. */
  readonly unsentLength: number;
  /** Targets of one server that are remembered, and portals of one target. */
  readonly targets: number;
  readonly portals: number;
  /** Connections by which a server comes to tell of changes, and how long one may say nothing. */
  readonly callers: number;
  readonly callerIdleMs: number;
}

export const ISNS_LIMITS: IsnsLimits = {
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 15_000,
  messageLength: 4 << 20,
  messagePdus: 1024,
  attributes: 131_072,
  requests: 16,
  unsentLength: 1 << 20,
  targets: 16_384,
  portals: 64,
  callers: 16,
  callerIdleMs: 120_000,
};
