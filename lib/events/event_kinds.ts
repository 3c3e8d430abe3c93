/**
 * Every kind of event: who tells it, under which number, in which words, why it happens and what to
 * do. Braces in a text stand for what goes with the event.
 */
import { type Kind, NOTHING_TO_DO as NONE, type Severity } from "./kind.ts";
import { LOGIN_REFUSALS } from "./login_refusals.ts";
import { SNAPSHOT_KINDS } from "./snapshot_kinds.ts";

export type { Severity };

export const EVENT_KINDS = {
  // The initiator.
  "connect-failed": {
    source: "iScsiPrt",
    id: 1,
    severity: "error",
    text: "the initiator could not connect to {portal}: {reason}",
    cause: "the target server, its portal or the network between is down, or a firewall is closed",
    remedy: "see that the portal listens and can be reached: sanctl diagnose",
  },
  "own-portal-failed": {
    source: "iScsiPrt",
    id: 5,
    severity: "error",
    text: "the initiator's own portal {address} could not be set up: {reason}",
    cause: "this machine has no such address, or its adapter is down",
    remedy: "log in from an address that this machine has",
  },
  "pdu-not-sent": {
    source: "iScsiPrt",
    id: 7,
    severity: "error",
    text: "a PDU could not be sent to {portal}: {reason}",
    cause: "the connection broke, or the target took nothing any more",
    remedy: "see to the network and to the target server; the connection is made anew by itself",
  },
  "login-failed": {
    source: "iScsiPrt",
    id: 10,
    severity: "error",
    text: "login to {target} failed with status {status}: {reason}",
    cause: "the target does not admit this initiator, or wants another proof of who it is",
    remedy: "see to the target's access list and to the CHAP secrets of both sides",
  },
  "connection-lost": {
    source: "iScsiPrt",
    id: 20,
    severity: "warning",
    text: "the connection to {portal} of {target} was lost, and is retried: {reason}",
    cause: "a cable, a switch or the target server failed",
    remedy: "see to the network; nothing is lost while the connection is retried",
  },
  "login-not-retried": {
    source: "iScsiPrt",
    id: 70,
    severity: "error",
    text: "login to {target} was refused {refusals} times, and is not tried any more: {reason}",
    cause: "the target does not admit this initiator, or wants another proof of who it is",
    remedy: "put that right at the target or here, and log in anew: sanctl initiator login",
  },
  "discovery-failed": {
    source: "MSiSCSI",
    id: 113,
    severity: "error",
    text: "discovery at {portal} failed with status {status}: {reason}",
    cause: "the portal cannot be reached, or refused the discovery session",
    remedy: "see that the target service runs and that its portal can be reached",
  },
  // Multipath.
  "failed-over": {
    source: "mpio",
    id: 16,
    severity: "warning",
    text: "device {device} failed over from {from} to {to}: {reason}",
    cause: "the path in use failed",
    remedy: "mend the path that failed",
  },
  "device-degraded": {
    source: "mpio",
    id: 17,
    severity: "warning",
    text: "device {device} runs degraded: {paths} of its paths are left",
    cause: "paths failed, and the fail-over is complete",
    remedy: "mend the paths that failed; they are taken back by themselves",
  },
  "fail-over-attempted": {
    source: "mpio",
    id: 18,
    severity: "warning",
    text: "device {device} has one path left, and a fail-over of it is being attempted",
    cause: "the only path failed",
    remedy: "mend the path; commands are kept until it is back or their time is over",
  },
  "no-path": {
    source: "mpio",
    id: 32,
    severity: "error",
    text: "device {device} has no path",
    cause: "every path failed",
    remedy: "mend at least one path",
  },
  "standby-path-failed": {
    source: "mpio",
    id: 100,
    severity: "warning",
    text: "path {path} of device {device}, which stood by, failed: {reason}",
    cause: "a cable, a switch or a portal of the target server failed",
    remedy: "mend the path before the one in use fails too",
  },
  "path-restored": {
    source: "mpio",
    id: 101,
    severity: "info",
    text: "path {path} of device {device} is back",
    cause: "what had failed works again",
    remedy: NONE,
  },
  "device-restored": {
    source: "mpio",
    id: 102,
    severity: "info",
    text: "device {device} has all of its {paths} paths again",
    cause: "every path that had failed is back",
    remedy: NONE,
  },
  "path-quarantined": {
    source: "mpio",
    id: 103,
    severity: "error",
    text: "path {path} does not lead to device {device}, and is not used: {reason}",
    cause: "another disk has been given its place on the target server, or the capacity differs",
    remedy: "see which disk the target offers there, or log out of it",
  },
  "device-not-ready": {
    source: "Disk",
    id: 15,
    severity: "error",
    text: "the device {device} is not ready for access: {reason}",
    cause: "the disk cannot be opened on the target server, or is gone from it",
    remedy: "see to the disk on the target server: sanctl disk show",
  },
  "flush-failed": {
    source: "Ftdisk",
    id: 57,
    severity: "error",
    text: "data of {device} could not be flushed, and may be corrupt: {reason}",
    cause: "the medium, or the way to it, failed while data was under way",
    remedy: "check the file system of the disk before it is used again",
  },
  // The target.
  "chap-not-offered": {
    source: "WinTarget",
    id: 16,
    severity: "warning",
    text: "target {target} requires CHAP, and {initiator} from {address} did not offer it",
    cause: "the initiator has no CHAP secret for the target",
    remedy: "give the initiator the user and the secret of sanctl target chap",
    byStrangers: true,
  },
  "login-accepted": {
    source: "target",
    id: 1,
    severity: "info",
    text: "{initiator} from {address} logged in to {target}, let in by {rule}",
    cause: "it is admitted",
    remedy: NONE,
    byStrangers: true,
  },
  "login-refused": {
    source: "target",
    id: 2,
    severity: "warning",
    text: "{initiator} from {address} was refused by {target} with status {status}: {reason}",
    cause: "it asked for what is not there, is not on the access list, or broke the protocol",
    remedy: "see which of these it was, and put it right if it is to log in",
    adviceOf: LOGIN_REFUSALS,
    byStrangers: true,
  },
  "session-ended": {
    source: "target",
    id: 3,
    severity: "info",
    text: "the session of {initiator} from {address} with {target} ended: {reason}",
    cause: "the initiator logged out, its connection ended, or the operator ended it",
    remedy: NONE,
    byStrangers: true,
  },
  "events-left-out": {
    source: "target",
    id: 4,
    severity: "warning",
    text: "{count} events about peers were left out, most of them from {address}",
    cause: "so many came that they would have filled the log",
    remedy: "see what that address does, and shut it out if it is nobody's",
    byStrangers: true,
  },
  "portal-absent": {
    source: "target",
    id: 5,
    severity: "error",
    text: "portal {portal} cannot be reached by initiators: {reason}",
    cause: "its address is not on this machine, or its port is taken by another program",
    remedy: "put that right, or move it: sanctl target portal set; it is tried again by itself",
  },
  "portal-present": {
    source: "target",
    id: 6,
    severity: "info",
    text: "portal {portal} listens at last",
    cause: "its address is on this machine again, or its port is free",
    remedy: NONE,
  },
  "disk-absent": {
    source: "storage",
    id: 1,
    severity: "error",
    text: "disk {disk} cannot be opened: {reason}",
    cause: "its file is gone, damaged or not permitted, or its file system is not mounted",
    remedy: "put that right; the disk is tried again by itself",
  },
  "disk-present": {
    source: "storage",
    id: 2,
    severity: "info",
    text: "disk {disk} is there again",
    cause: "it could be opened at last",
    remedy: NONE,
  },
  "disk-failed": {
    source: "storage",
    id: 3,
    severity: "error",
    text: "disk {disk} serves no more writes: {reason}",
    cause: "its medium could not make durable what it had taken",
    remedy: "see to the medium, check the data, and start the service anew",
  },
  "disk-not-closed": {
    source: "storage",
    id: 4,
    severity: "error",
    text: "disk {disk} was not closed well: {reason}",
    cause: "its last writes may not have reached the medium",
    remedy: "see to the medium, and check the data before the disk is used again",
  },
  "disk-error": {
    source: "storage",
    id: 5,
    severity: "error",
    text: "disk {disk} could not do an operation: {reason}",
    cause: "its medium failed, or its file system is full",
    remedy: "see to the medium and its free space; the initiator was told",
  },
  "disk-extended": {
    source: "storage",
    id: 6,
    severity: "info",
    text: "disk {disk} was extended to {size} octets",
    cause: "the operator gave it more space",
    remedy: "let its initiator extend the file system on it",
  },
  // Snapshots, backups, and what makes them by itself.
  ...SNAPSHOT_KINDS,
  "service-started": {
    source: "service",
    id: 1,
    severity: "info",
    text: "the service started (version {version}, process {pid})",
    cause: "it was asked to",
    remedy: NONE,
  },
  "service-stopped": {
    source: "service",
    id: 2,
    severity: "info",
    text: "the service stopped in order",
    cause: "it was asked to",
    remedy: NONE,
  },
  "configuration-changed": {
    source: "service",
    id: 3,
    severity: "info",
    text: "{change}",
    cause: "the operator changed what is declared",
    remedy: NONE,
  },
  "isns-server-absent": {
    source: "isns",
    id: 1,
    severity: "warning",
    text: "iSNS server {server} cannot be used: {reason}",
    cause: "it does not run, the network between is down, or it does not admit this machine",
    remedy: "see to the server, or remove it; it is tried again by itself",
  },
  "isns-server-present": {
    source: "isns",
    id: 2,
    severity: "info",
    text: "iSNS server {server} is in use",
    cause: "it answers",
    remedy: NONE,
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type EventKind = keyof typeof EVENT_KINDS;

/** The names that stand in the braces of a text. */
type Named<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Named<Rest>
  : never;

export type EventValue = string | number | boolean;

/** What must go with an event of the kind; more may. */
export type EventData<K extends EventKind> =
  & Readonly<Record<Named<typeof EVENT_KINDS[K]["text"]>, EventValue>>
  & Readonly<Record<string, EventValue>>;

/** The kind's row, where there is one of the name. */
export function kindOf(name: string): Kind | undefined {
  return Object.hasOwn(EVENT_KINDS, name) ? EVENT_KINDS[name as EventKind] : undefined;
}
