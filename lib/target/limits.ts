/** What a peer may make us hold. Every one is given at construction; these are the defaults. */
export interface Limits {
  /** Connections that have logged in, of all sessions. */
  readonly connections: number;
  /** Besides them, those that have not, in all and from one address: the oldest make way. */
  readonly connectionsInLogin: number;
  readonly connectionsInLoginFromOneAddress: number;
  readonly sessionsOfTarget: number;
  /** What we offer for MaxConnections. RFC 7143 13.2. */
  readonly connectionsOfSession: number;
  readonly loginDeadlineMs: number;
  readonly loginPdus: number;
  /** Octets of key=value text collected over several PDUs. */
  readonly textLength: number;
  /** Commands that a session may have outstanding: the width of its CmdSN window. */
  readonly commandsOfSession: number;
  readonly immediateCommandsOfSession: number;
  /**
   * Octets of data collected before execution (parameter lists, VERIFY, COMPARE AND WRITE), for a
   * session.
   */
  readonly collectedOctetsOfSession: number;
  /** The same for all sessions; what is short is let through all the same. */
  readonly collectedOctets: number;
  /** Octets of writes that wait for their media, of all sessions; a soft limit. */
  readonly pendingWriteOctets: number;
  /** Our MaxRecvDataSegmentLength, MaxBurstLength, FirstBurstLength, MaxOutstandingR2T. */
  readonly maxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly maxOutstandingR2T: number;
  /**
   * A silent connection is pinged after this, and dropped when the answer takes longer than the
   * second.
   */
  readonly nopIntervalMs: number;
  readonly nopTimeoutMs: number;
  /** A peer that takes none of our octets for so long is dropped. */
  readonly writeStallMs: number;
  /** How long we wait for the peer to close after its logout. */
  readonly logoutDeadlineMs: number;
  /** How long the commands of a LUN that is taken away may take to end. */
  readonly withdrawMs: number;
  /** How long a CmdSN gap may stand. */
  readonly commandGapMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 4096,
  connectionsInLogin: 1024,
  connectionsInLoginFromOneAddress: 256,
  sessionsOfTarget: 2048,
  connectionsOfSession: 8,
  loginDeadlineMs: 15_000,
  loginPdus: 32,
  textLength: 65_536,
  commandsOfSession: 128,
  immediateCommandsOfSession: 32,
  collectedOctetsOfSession: 32 << 20,
  collectedOctets: 512 << 20,
  pendingWriteOctets: 256 << 20,
  maxRecvDataSegmentLength: 262_144,
  maxBurstLength: 1 << 20,
  firstBurstLength: 262_144,
  maxOutstandingR2T: 8,
  nopIntervalMs: 30_000,
  nopTimeoutMs: 60_000,
  writeStallMs: 60_000,
  logoutDeadlineMs: 5_000,
  withdrawMs: 5_000,
  commandGapMs: 10_000,
};
