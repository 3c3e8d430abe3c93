/** What a target may make us hold, and how long we wait for it. These are the defaults. */
export interface Limits {
  /** How long a TCP connection may take to come about, and the login after it. */
  readonly connectTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly loginPdus: number;
  /** Octets of key=value text of one login. */
  readonly loginTextLength: number;
  /** Redirects that are followed. RFC 7143 11.13.5. */
  readonly redirects: number;
  /** What discovery takes in all: octets, items of text, PDUs. */
  readonly discoveryTextLength: number;
  readonly discoveryItems: number;
  readonly discoveryPdus: number;
  readonly discoveryTimeoutMs: number;
  /** Connections that one session may have. RFC 7143 13.2. */
  readonly connectionsOfSession: number;
  /** Commands that may wait for their turn or run, of one session. */
  readonly commandsOfSession: number;
  /** What we take at once and what we offer. RFC 7143 13.12 to 13.14, 13.17. */
  readonly maxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly maxOutstandingR2T: number;
  /** A target of which nothing was heard for so long is dead; it is asked after half of it. */
  readonly probeTimeMs: number;
  /** NOP-Ins that may wait for our answers. */
  readonly pings: number;
  /** How long a command may take, and each step of ending one that takes longer. */
  readonly commandTimeoutMs: number;
  readonly functionTimeoutMs: number;
  readonly logoutTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  connectTimeoutMs: 10_000,
  loginTimeoutMs: 15_000,
  loginPdus: 32,
  loginTextLength: 65_536,
  redirects: 4,
  discoveryTextLength: 4 << 20,
  discoveryItems: 65_536,
  discoveryPdus: 4096,
  discoveryTimeoutMs: 30_000,
  connectionsOfSession: 16,
  commandsOfSession: 4096,
  maxRecvDataSegmentLength: 262_144,
  maxBurstLength: 1 << 20,
  firstBurstLength: 262_144,
  maxOutstandingR2T: 8,
  probeTimeMs: 5_000,
  pings: 32,
  commandTimeoutMs: 30_000,
  functionTimeoutMs: 10_000,
  logoutTimeoutMs: 5_000,
};
