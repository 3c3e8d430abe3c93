/** Facts as a control answers them. */
import type {
  DiskFacts,
  SessionFacts,
  StatusFacts,
  TargetFacts,
} from "../../../lib/config/facts.ts";

const NO_COUNTS = { commands: 0, octetsRead: 0, octetsWritten: 0 };

export const MAIL: TargetFacts = {
  name: "mail",
  iqn: "iqn.2025-01.example.host:mail",
  description: "",
  chap: null,
  reverseChap: null,
  allow: ["iqn:iqn.1991-05.com.microsoft:mail1"],
  state: "idle",
  sessions: 0,
  luns: [{ lun: 0, disk: "data", size: 20 * 2 ** 30, readOnly: false, state: "ready" }],
  counters: NO_COUNTS,
};

export const DATA: DiskFacts = {
  name: "data",
  path: "/srv/data.vhd",
  format: "vhd",
  type: "fixed",
  parent: null,
  allocated: null,
  uuid: "2f0c3b3e-5d1c-4c7e-9d5c-0a3f3f1f6b11",
  size: 20 * 2 ** 30,
  logicalBlockLength: 512,
  physicalBlockLength: 4096,
  sparse: false,
  removable: false,
  shared: false,
  description: "mail store",
  state: "ready",
  failure: null,
  assignments: [{ target: "mail", lun: 0, readOnly: false }],
  attached: null,
  counters: {
    reads: 0,
    octetsRead: 0,
    writes: 0,
    octetsWritten: 0,
    flushes: 0,
    unmaps: 0,
    octetsUnmapped: 0,
    errors: 0,
  },
};

export const SESSION: SessionFacts = {
  id: "7",
  tsih: 7,
  target: "mail",
  iqn: MAIL.iqn,
  initiator: "iqn.1991-05.com.microsoft:mail1",
  alias: "mail1",
  chapUser: "ada",
  isid: "400001370000",
  portalGroup: 1,
  since: "2025-01-01T00:00:00.000Z",
  ageSeconds: 3 * 3600 + 61,
  connections: [{
    id: 1,
    peer: "10.0.0.5:40112",
    portal: "10.0.0.1:3260",
    headerDigest: "CRC32C",
    dataDigest: "None",
  }],
  outstandingTasks: 2,
  counters: { commands: 9, octetsRead: 1 << 20, octetsWritten: 1536 },
};

export const RUNNING: StatusFacts = {
  running: true,
  version: "0.1.0",
  stateDirectory: "/var/lib/sanctl",
  pid: 4711,
  startedAt: "2025-01-01T00:00:00.000Z",
  portals: [{ address: "0.0.0.0", port: 3260 }, { address: "::1", port: 3261 }],
  isns: [],
  discovery: { chap: null, reverseChap: null },
  http: { address: "127.0.0.1", port: 8080 },
  targets: 1,
  disks: 1,
  attached: 0,
  sessions: 1,
  counters: { commands: 9, octetsRead: 1 << 20, octetsWritten: 1536 },
  problems: ["disk data could not be opened"],
};
