/** An initiator's control that remembers what it is asked, with one session and one device. */
import type {
  InitiatorControl,
  InitiatorDeviceFacts,
  InitiatorSessionFacts,
  PersistentLoginFacts,
} from "../../../../lib/initiator_service/control.ts";
import { iscsicli } from "../../../../cli/iscsicli/iscsicli.ts";

export const TARGET = "iqn.2008-08.com.example:target1";
export const NODE_NAME = "iqn.1991-05.com.microsoft:archimedes";

export const SESSION: InitiatorSessionFacts = {
  id: "13",
  target: TARGET,
  state: "logged-in",
  portal: { address: "192.168.1.108", port: 3260 },
  source: { address: "192.168.1.5", port: 58847 },
  isid: "400001370000",
  tsih: 0x27,
  portalGroup: 1,
  targetAlias: "",
  connections: 1,
  connectionList: [{
    cid: 1,
    source: { address: "192.168.1.5", port: 58847 },
    portal: { address: "192.168.1.108", port: 3260 },
  }],
  headerDigest: "none",
  dataDigest: "none",
  authentication: "none",
  type: "data",
  persistent: false,
  multipath: false,
  since: "2026-11-25T10:00:00.000Z",
  losses: 0,
  commands: 7,
  error: null,
};

export const DEVICE: InitiatorDeviceFacts = {
  name: "target1/0",
  identity: "naa.3000000000000001",
  target: TARGET,
  lun: 0,
  state: "online",
  size: 1 << 30,
  blockLength: 512,
  physicalBlockLength: 512,
  vendor: "SANCTL",
  product: "VIRTUAL DISK",
  serial: "1",
  readOnly: false,
  thin: false,
  policy: "fail-over-only",
  paths: [{
    name: "192.168.1.5 → 192.168.1.108:3260",
    session: "13",
    state: "active",
    portal: SESSION.portal,
    source: SESSION.source,
    access: null,
    weight: 1,
    subset: true,
    outstanding: 0,
    commands: 7,
    blocks: 0,
    failures: 0,
    losses: 0,
    error: null,
  }],
  attached: {
    readOnly: false,
    way: "nbd",
    url: "nbd+unix:///d",
    path: "/dev/nbd0",
    clients: 1,
    mounts: ["/srv"],
  },
  bound: true,
  error: null,
};

/** Of this machine. */
export const ADDRESSES = ["192.168.1.5", "192.168.2.5"];

/** A login that comes back, as lists tell of it. */
export const LOGIN: PersistentLoginFacts = {
  target: TARGET,
  paths: [{ portal: { address: "10.0.0.5", port: 3260 }, sourceAddress: null }],
  multipath: true,
  headerDigest: true,
  dataDigest: false,
  chapUser: "me",
  targetChapUser: null,
  authentication: "chap",
  type: "data",
  connections: 1,
  maxConnections: null,
  defaultTime2Wait: null,
  defaultTime2Retain: null,
  loggedIn: false,
  error: null,
};

const LOGGED_IN = {
  facts: { target: TARGET, persistent: false, sessions: [SESSION], devices: [DEVICE] },
  notices: [],
};

/** What each method answers where a test says nothing else. */
const ANSWERS: Partial<Record<keyof InitiatorControl, unknown>> = {
  show: { name: NODE_NAME },
  listPortals: [],
  listTargets: [],
  listPersistent: [],
  sessions: [SESSION],
  devices: [DEVICE],
  logIn: LOGGED_IN,
  refreshPortals: [],
  addConnection: { facts: { cid: 2, source: SESSION.source, portal: SESSION.portal } },
};

export interface Ran {
  readonly status: number;
  readonly lines: readonly string[];
  /** `method(arguments as JSON)`, but for those that only look. */
  readonly calls: readonly string[];
}

export type Answers = Partial<Record<keyof InitiatorControl, unknown>>;

/** Runs one command line; an answer that is an Error is thrown. */
export async function ran(
  line: string,
  answers: Answers = {},
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<Ran> {
  const lines: string[] = [];
  const calls: string[] = [];
  const answer = (method: keyof InitiatorControl, args: readonly unknown[]): Promise<unknown> => {
    const looks = method === "show" || method === "close" || method === "sessions";
    if (!looks && args.length > 0) {
      calls.push(`${method}(${args.map((each) => JSON.stringify(each)).join()})`);
    }
    const given = method in answers ? answers[method] : ANSWERS[method];
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  const control = new Proxy({}, {
    get(_, method: string) {
      if (method === "then") return undefined; // what is awaited is looked at for it
      return (...args: unknown[]) => answer(method as keyof InitiatorControl, args);
    },
  }) as InitiatorControl;
  const status = await iscsicli(line.split(" "), {
    open: () => Promise.resolve(control),
    say: (said) => void lines.push(said),
    addresses: () => ADDRESSES,
    strict,
  });
  return { status, lines, calls };
}
