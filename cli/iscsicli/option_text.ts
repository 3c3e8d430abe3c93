/** The options of a login, as lists show them. */
import { dumpRows } from "./dump.ts";

export interface ShownOptions {
  readonly headerDigest?: boolean | undefined;
  readonly dataDigest?: boolean | undefined;
  readonly maxConnections?: number | undefined;
  readonly defaultTime2Wait?: number | undefined;
  readonly defaultTime2Retain?: number | undefined;
  readonly multipath?: boolean | undefined;
  readonly user?: string | undefined;
  readonly isMutual?: boolean | undefined;
}

/** Bits of "Information Specified", in the order of its structure. */
const HEADER_DIGEST = 0x1, DATA_DIGEST = 0x2, MAXIMUM_CONNECTIONS = 0x4;
const TIME_2_WAIT = 0x8, TIME_2_RETAIN = 0x10;
const USER = 0x20, PASSWORD = 0x40, AUTH_TYPE = 0x80;
const MULTIPATH_ENABLED = 0x2;

export function securityLines(): string[] {
  return ["    Security Flags        : 0x0"];
}

export function optionLines(options: ShownOptions): string[] {
  const { headerDigest, dataDigest, multipath, user, isMutual } = options;
  const { maxConnections, defaultTime2Wait, defaultTime2Retain } = options;
  const specified = (headerDigest === undefined ? 0 : HEADER_DIGEST) |
    (dataDigest === undefined ? 0 : DATA_DIGEST) |
    (maxConnections === undefined ? 0 : MAXIMUM_CONNECTIONS) |
    (defaultTime2Wait === undefined ? 0 : TIME_2_WAIT) |
    (defaultTime2Retain === undefined ? 0 : TIME_2_RETAIN) |
    (user === undefined ? 0 : USER | PASSWORD | AUTH_TYPE);
  const lines = [
    "    Version              : 0",
    `    Information Specified: 0x${specified.toString(16)}`,
  ];
  if (headerDigest !== undefined) lines.push(`    Header Digest        : ${digest(headerDigest)}`);
  if (dataDigest !== undefined) lines.push(`    Data Digest          : ${digest(dataDigest)}`);
  if (maxConnections !== undefined) lines.push(`    Maximum Connections  : ${maxConnections}`);
  if (defaultTime2Wait !== undefined) lines.push(`    Default Time 2 Wait  : ${defaultTime2Wait}`);
  if (defaultTime2Retain !== undefined) {
    lines.push(`    Default Time 2 Retain: ${defaultTime2Retain}`);
  }
  const flags = multipath ? MULTIPATH_ENABLED : 0;
  lines.push(`    Login Flags          : 0x${flags.toString(16)}`);
  if (multipath) lines.push("        Multipath Enabled");
  if (user === undefined) return lines;
  lines.push(`    Authentication Type  : ${isMutual ? "Mutual CHAP" : "CHAP"}`);
  lines.push("    Username             :", ...userLines(user));
  lines.push("    Password             : <is established>");
  return lines;
}

function digest(isOn: boolean): string {
  return isOn ? "CRC-32C" : "None";
}

function userLines(user: string): string[] {
  return dumpRows(new TextEncoder().encode(user), "        ");
}
