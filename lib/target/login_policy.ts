/** What a target wants of every session and connection, within its limits. */
import type { Policy } from "../iscsi/keys.ts";
import type { Limits } from "./limits.ts";

/** RFC 7143 is level 1. RFC 7143 13.24. */
const PROTOCOL_LEVEL = 1;

export function loginPolicy(limits: Limits): Policy {
  return {
    // The initiator's order decides: RFC 7143 6.2.1.
    headerDigest: ["CRC32C", "None"],
    dataDigest: ["CRC32C", "None"],
    maxRecvDataSegmentLength: limits.maxRecvDataSegmentLength,
    maxConnections: limits.connectionsOfSession,
    // Data may come unasked and with the command: it saves a round trip.
    initialR2T: false,
    immediateData: true,
    maxBurstLength: limits.maxBurstLength,
    firstBurstLength: Math.min(limits.firstBurstLength, limits.maxBurstLength),
    maxOutstandingR2T: limits.maxOutstandingR2T,
    dataPDUInOrder: true,
    dataSequenceInOrder: true,
    // Level 0 recovers nothing, so no task is kept for a connection that is gone. RFC 7143 7.1.
    errorRecoveryLevel: 0,
    defaultTime2Wait: 0,
    defaultTime2Retain: 0,
    taskReporting: ["RFC3720"],
    protocolLevel: PROTOCOL_LEVEL,
  };
}
