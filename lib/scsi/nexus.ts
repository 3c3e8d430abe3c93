/**
 * An I_T nexus: one initiator port and one target port that talk. SAM-5 4.6.4. For iSCSI the
 * initiator port is the InitiatorName with the ISID, the target port the TargetName with the portal
 * group tag (RFC 7143 4.4.2), so a nexus outlives a TCP connection, and a name alone does not make
 * one.
 */
export interface Nexus {
  /** iSCSI name of the initiator, normalised. */
  readonly initiatorName: string;
  /** SCSI initiator port name: `NAME,i,0x` and the ISID in twelve hex digits. */
  readonly initiatorPort: string;
  /** SCSI target port name: `NAME,t,0x` and the portal group tag in four hex digits. */
  readonly targetPort: string;
  /** RELATIVE TARGET PORT IDENTIFIER, from 1. SPC-4 7.8.6.8. */
  readonly relativeTargetPort: number;
}

/** What makes two nexuses the same one: reservations are kept under it. */
export function nexusId(nexus: Pick<Nexus, "initiatorPort" | "targetPort">): string {
  return `${nexus.initiatorPort} ${nexus.targetPort}`;
}
