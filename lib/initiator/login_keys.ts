/** What one login asks for, and what the keys are that say so. */
import type { Policy } from "../iscsi/keys.ts";
import type { Limits } from "./limits.ts";

/** What an operator may choose for a session; what is left out is as good as it can be. */
export interface SessionOptions {
  /** True: CRC32C or no login. RFC 7143 13.1. */
  readonly headerDigest?: boolean;
  readonly dataDigest?: boolean;
  /** True: every write waits to be asked for its data. RFC 7143 13.10. */
  readonly initialR2T?: boolean;
  /** False: no data goes along with a command. RFC 7143 13.11. */
  readonly immediateData?: boolean;
  readonly maxRecvDataSegmentLength?: number;
  readonly maxBurstLength?: number;
  readonly firstBurstLength?: number;
  readonly maxOutstandingR2T?: number;
  /** Connections that the session begins with, as far as the target takes them. RFC 7143 13.2. */
  readonly connections?: number;
  /** What we offer for MaxConnections, where that is to be less than we can have. */
  readonly maxConnections?: number | undefined;
  /** In seconds. RFC 7143 13.15, 13.16. */
  readonly defaultTime2Wait?: number | undefined;
  readonly defaultTime2Retain?: number | undefined;
}

/** RFC 7143 is level 1. RFC 7143 13.24. */
const PROTOCOL_LEVEL = 1;

/** What we wish for, within our limits. */
export function loginPolicy(options: SessionOptions, limits: Limits): Policy {
  const maxBurstLength = options.maxBurstLength ?? limits.maxBurstLength;
  return {
    headerDigest: [options.headerDigest ? "CRC32C" : "None"],
    dataDigest: [options.dataDigest ? "CRC32C" : "None"],
    maxRecvDataSegmentLength: options.maxRecvDataSegmentLength ?? limits.maxRecvDataSegmentLength,
    // More may be added while it lasts.
    maxConnections: Math.max(
      options.maxConnections ?? limits.connectionsOfSession,
      options.connections ?? 1,
    ),
    // Data goes along with the command where the target lets it: that saves a round trip.
    initialR2T: options.initialR2T ?? false,
    immediateData: options.immediateData ?? true,
    maxBurstLength,
    firstBurstLength: Math.min(options.firstBurstLength ?? limits.firstBurstLength, maxBurstLength),
    maxOutstandingR2T: options.maxOutstandingR2T ?? limits.maxOutstandingR2T,
    dataPDUInOrder: true,
    dataSequenceInOrder: true,
    // Level 0: whatever goes wrong, the session is begun anew. RFC 7143 7.1.
    errorRecoveryLevel: 0,
    defaultTime2Wait: options.defaultTime2Wait ?? 0,
    defaultTime2Retain: options.defaultTime2Retain ?? 0,
    taskReporting: ["RFC3720"],
    protocolLevel: PROTOCOL_LEVEL,
  };
}
