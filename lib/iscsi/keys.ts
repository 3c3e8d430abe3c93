/** Every text key of RFC 7143, a row each: who may say it when, and how its value comes about. */
import {
  and,
  declaredNumber,
  declaredText,
  declaredWord,
  firstCommon,
  type KeyRule,
  maximum,
  minimum,
  obsolete,
  or,
} from "./key_rule.ts";
import { NAME_LENGTH } from "./name.ts";
import type { SessionParameters } from "./parameters.ts";

export type Role = "initiator" | "target";
export type SessionType = "Discovery" | "Normal";

/** What we wish for and accept. */
export interface Policy extends SessionParameters {
  /** Digests that we accept, the preferred first: "CRC32C", "None". RFC 7143 13.1. */
  readonly headerDigest: readonly string[];
  readonly dataDigest: readonly string[];
  /** The longest data segment that we take. RFC 7143 13.12. */
  readonly maxRecvDataSegmentLength: number;
  /** The preferred first. RFC 7143 13.23. */
  readonly taskReporting: readonly string[];
  /** RFC 7143 13.24. */
  readonly protocolLevel: number;
}

export interface KeyRow {
  readonly key: string;
  /** Of RFC 7143. */
  readonly section: string;
  /**
   * At the login of any connection, of the leading one only, in full feature phase only, or in all.
   */
  readonly use: "login" | "leading" | "full-feature" | "any";
  /** The stages of login that allow it. RFC 7143 12. */
  readonly stage: "security" | "operational" | "either" | "none";
  readonly senders: Role | "both";
  readonly scope: "session" | "connection";
  readonly rule: KeyRule;
  /** Login or discovery code answers it: here it is only known. */
  readonly isHandledElsewhere?: true;
  /** True when other keys make this one pointless. */
  readonly isIrrelevant?: (sessionType: SessionType, session: SessionParameters) => boolean;
  /** What we want of it; its result goes where the session or connection has that name. */
  readonly wish?: keyof Policy;
}

/** RFC 7143 6.1, text-value. */
const TEXT_LENGTH = 255;
const LARGEST_U24 = 0xffffff;

type Use = Pick<KeyRow, "use" | "stage" | "scope">;
const OF_CONNECTION: Use = { use: "login", stage: "operational", scope: "connection" };
const OF_SESSION: Use = { use: "leading", stage: "operational", scope: "session" };

/** What one side states about itself. */
function declares(senders: KeyRow["senders"], key: string, section: string, rule: KeyRule): KeyRow {
  return { key, section, use: "login", stage: "either", senders, scope: "session", rule };
}

/** A declaration that may be made anew at any time. */
function redeclares(
  senders: KeyRow["senders"],
  key: string,
  section: string,
  rule: KeyRule,
): KeyRow {
  return { ...declares(senders, key, section, rule), use: "any" };
}

/** What authentication says; its code answers. */
function security(key: string, section: string): KeyRow {
  const rule = declaredText(Infinity);
  return {
    ...OF_CONNECTION,
    key,
    section,
    stage: "security",
    senders: "both",
    rule,
    isHandledElsewhere: true,
  };
}

/** What is negotiated once for the whole session. */
function session(key: string, section: string, rule: KeyRule, wish: keyof Policy): KeyRow {
  return { ...OF_SESSION, key, section, senders: "both", rule, wish };
}

/** The same, of no use where no SCSI command runs. */
function normal(key: string, section: string, rule: KeyRule, wish: keyof Policy): KeyRow {
  return { ...session(key, section, rule, wish), isIrrelevant: inDiscovery };
}

function connection(key: string, section: string, rule: KeyRule): KeyRow {
  return { ...OF_CONNECTION, key, section, senders: "both", rule };
}

function inDiscovery(sessionType: SessionType): boolean {
  return sessionType === "Discovery";
}

/** RFC 7143 13.14: where no data may come unasked, nothing limits it. */
function withoutUnsolicitedData(sessionType: SessionType, session: SessionParameters): boolean {
  return inDiscovery(sessionType) || (session.initialR2T && !session.immediateData);
}

const bursts = minimum(512, LARGEST_U24);

/**
 * The table. A result may bear on the rows behind it: SessionType on what is irrelevant,
 * InitialR2T, ImmediateData and MaxBurstLength on FirstBurstLength. So keys are judged in this
 * order.
 */
export const KEYS: readonly KeyRow[] = [
  {
    ...declares("initiator", "SessionType", "13.21", declaredWord("Discovery", "Normal")),
    use: "leading",
  },
  declares("initiator", "InitiatorName", "13.5", declaredText(NAME_LENGTH)),
  declares("initiator", "TargetName", "13.4", declaredText(NAME_LENGTH)),
  redeclares("initiator", "InitiatorAlias", "13.7", declaredText(TEXT_LENGTH)),
  redeclares("target", "TargetAlias", "13.6", declaredText(TEXT_LENGTH)),
  redeclares("target", "TargetAddress", "13.8", declaredText(TEXT_LENGTH)),
  declares("target", "TargetPortalGroupTag", "13.9", declaredNumber(0, 0xffff)),
  declares("both", "X#NodeArchitecture", "13.26", declaredText(TEXT_LENGTH)),
  security("AuthMethod", "12.1"),
  security("CHAP_A", "12.1.3"),
  security("CHAP_I", "12.1.3"),
  security("CHAP_C", "12.1.3"),
  security("CHAP_N", "12.1.3"),
  security("CHAP_R", "12.1.3"),
  {
    ...declares("initiator", "SendTargets", "13.3", declaredText(NAME_LENGTH)),
    use: "full-feature",
    stage: "none",
    isHandledElsewhere: true,
  },
  {
    ...connection("MaxRecvDataSegmentLength", "13.12", declaredNumber(512, LARGEST_U24)),
    use: "any",
  },
  { ...connection("HeaderDigest", "13.1", firstCommon()), wish: "headerDigest" },
  { ...connection("DataDigest", "13.1", firstCommon()), wish: "dataDigest" },
  normal("MaxConnections", "13.2", minimum(1, 65535), "maxConnections"),
  normal("InitialR2T", "13.10", or(), "initialR2T"),
  normal("ImmediateData", "13.11", and(), "immediateData"),
  normal("MaxBurstLength", "13.13", bursts, "maxBurstLength"),
  {
    ...session("FirstBurstLength", "13.14", bursts, "firstBurstLength"),
    isIrrelevant: withoutUnsolicitedData,
  },
  session("DefaultTime2Wait", "13.15", maximum(0, 3600), "defaultTime2Wait"),
  session("DefaultTime2Retain", "13.16", minimum(0, 3600), "defaultTime2Retain"),
  normal("MaxOutstandingR2T", "13.17", minimum(1, 65535), "maxOutstandingR2T"),
  normal("DataPDUInOrder", "13.18", or(), "dataPDUInOrder"),
  normal("DataSequenceInOrder", "13.19", or(), "dataSequenceInOrder"),
  session("ErrorRecoveryLevel", "13.20", minimum(0, 2), "errorRecoveryLevel"),
  normal("TaskReporting", "13.23", firstCommon(), "taskReporting"),
  normal("iSCSIProtocolLevel", "13.24", minimum(0, 31), "protocolLevel"),
  // 13.25: never NotUnderstood. The flags may be answered No, the numbers are to be rejected.
  connection("OFMarker", "13.25", obsolete("No")),
  connection("IFMarker", "13.25", obsolete("No")),
  connection("OFMarkInt", "13.25", obsolete("Reject")),
  connection("IFMarkInt", "13.25", obsolete("Reject")),
];

const rows = new Map(KEYS.map((row, rank) => [row.key, { row, rank }]));

/** The row of a key, if it is a standard one; keys are case-sensitive. */
export function keyRow(key: string): KeyRow | undefined {
  return rows.get(key)?.row;
}

/** The key's place in the order of judgement; keys that are not standard come last. */
export function keyRank(key: string): number {
  return rows.get(key)?.rank ?? rows.size;
}
