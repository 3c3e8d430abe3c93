/** What two sides agreed on at login: the results of the operational text keys. RFC 7143 13. */

/** Session-wide: set by the leading connection. */
export interface SessionParameters {
  readonly maxConnections: number; // 13.2
  readonly initialR2T: boolean; // 13.10
  readonly immediateData: boolean; // 13.11
  readonly maxBurstLength: number; // 13.13
  readonly firstBurstLength: number; // 13.14
  readonly defaultTime2Wait: number; // 13.15, seconds
  readonly defaultTime2Retain: number; // 13.16, seconds
  readonly maxOutstandingR2T: number; // 13.17
  readonly dataPDUInOrder: boolean; // 13.18
  readonly dataSequenceInOrder: boolean; // 13.19
  readonly errorRecoveryLevel: number; // 13.20
}

/** Of one connection. */
export interface ConnectionParameters {
  readonly headerDigest: boolean; // 13.1
  readonly dataDigest: boolean; // 13.1
  /** Declared by the peer: the longest data segment that it takes. 13.12 */
  readonly peerMaxRecvDataSegmentLength: number;
  /** Declared by us: the longest data segment that we take. 13.12 */
  readonly ownMaxRecvDataSegmentLength: number;
}

/** What holds until something else is agreed on. */
export const SESSION_DEFAULTS: SessionParameters = {
  maxConnections: 1,
  initialR2T: true,
  immediateData: true,
  maxBurstLength: 262144,
  firstBurstLength: 65536,
  defaultTime2Wait: 2,
  defaultTime2Retain: 20,
  maxOutstandingR2T: 1,
  dataPDUInOrder: true,
  dataSequenceInOrder: true,
  errorRecoveryLevel: 0,
};

export const CONNECTION_DEFAULTS: ConnectionParameters = {
  headerDigest: false,
  dataDigest: false,
  peerMaxRecvDataSegmentLength: 8192,
  ownMaxRecvDataSegmentLength: 8192,
};
