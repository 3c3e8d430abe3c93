/** The limits that an operator may set, a row each. What is not set has its standard value. */
import { DEFAULT_LIMITS, type Limits } from "../target/limits.ts";

export type LimitUnit = "count" | "seconds" | "octets";

interface LimitRow {
  readonly about: string;
  readonly unit: LimitUnit;
  readonly standard: number;
  readonly least: number;
  readonly most: number;
  /** What it is to the sessions that begin from then on; without, it bounds what is declared. */
  engine?(value: number): Partial<Limits>;
}

/** Disks and targets that one server may declare; far above what one process can serve. */
export const MOST_OBJECTS = 4096;
/** TSIH and ports have 16 bits. */
const MOST_SESSIONS = 0xffff;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const GIB = 2 ** 30;

export const LIMITS = {
  targets: {
    about: "Targets of the server",
    unit: "count",
    standard: MOST_OBJECTS,
    least: 1,
    most: MOST_OBJECTS,
  },
  disks: {
    about: "Disks of the server",
    unit: "count",
    standard: MOST_OBJECTS,
    least: 1,
    most: MOST_OBJECTS,
  },
  portals: {
    about: "Portals that the service listens on",
    unit: "count",
    standard: 256,
    least: 1,
    most: 1024,
  },
  sessionsOfTarget: {
    about: "Sessions that one target may have open",
    unit: "count",
    standard: DEFAULT_LIMITS.sessionsOfTarget,
    least: 1,
    most: MOST_SESSIONS,
    engine: (sessionsOfTarget) => ({ sessionsOfTarget }),
  },
  connections: {
    about: "Connections that are logged in, of all sessions",
    unit: "count",
    standard: DEFAULT_LIMITS.connections,
    least: 1,
    most: MOST_SESSIONS,
    engine: (connections) => ({ connections }),
  },
  connectionsOfSession: {
    about: "Connections that one session may have",
    unit: "count",
    standard: DEFAULT_LIMITS.connectionsOfSession,
    least: 1,
    most: 64,
    engine: (connectionsOfSession) => ({ connectionsOfSession }),
  },
  connectionsInLogin: {
    about: "Connections that have not logged in; the oldest makes way",
    unit: "count",
    standard: DEFAULT_LIMITS.connectionsInLogin,
    least: 8,
    most: MOST_SESSIONS,
    engine: (connectionsInLogin) => ({ connectionsInLogin }),
  },
  connectionsInLoginFromOneAddress: {
    about: "Those of them from one address",
    unit: "count",
    standard: DEFAULT_LIMITS.connectionsInLoginFromOneAddress,
    least: 1,
    most: MOST_SESSIONS,
    engine: (connectionsInLoginFromOneAddress) => ({ connectionsInLoginFromOneAddress }),
  },
  commandsOfSession: {
    about: "Commands that one session may have under way",
    unit: "count",
    standard: DEFAULT_LIMITS.commandsOfSession,
    least: 1,
    most: 1024,
    engine: (commandsOfSession) => ({ commandsOfSession }),
  },
  loginSeconds: {
    about: "How long a login may take",
    unit: "seconds",
    standard: DEFAULT_LIMITS.loginDeadlineMs / 1000,
    least: 5,
    most: 5 * MINUTE,
    engine: (seconds) => ({ loginDeadlineMs: seconds * 1000 }),
  },
  pingAfterSeconds: {
    about: "After how much silence an initiator is pinged",
    unit: "seconds",
    standard: DEFAULT_LIMITS.nopIntervalMs / 1000,
    least: 1,
    most: HOUR,
    engine: (seconds) => ({ nopIntervalMs: seconds * 1000 }),
  },
  pingAnswerSeconds: {
    about: "How long it may take to answer, before its connection is closed",
    unit: "seconds",
    standard: DEFAULT_LIMITS.nopTimeoutMs / 1000,
    least: 1,
    most: HOUR,
    engine: (seconds) => ({ nopTimeoutMs: seconds * 1000 }),
  },
  stallSeconds: {
    about: "How long an initiator may take none of its data, before its connection is closed",
    unit: "seconds",
    standard: DEFAULT_LIMITS.writeStallMs / 1000,
    least: 5,
    most: HOUR,
    engine: (seconds) => ({ writeStallMs: seconds * 1000 }),
  },
  pendingWrites: {
    about: "Memory for writes that wait for their disks, of all sessions",
    unit: "octets",
    standard: DEFAULT_LIMITS.pendingWriteOctets,
    least: 8 << 20,
    most: 64 * GIB,
    engine: (pendingWriteOctets) => ({ pendingWriteOctets }),
  },
  collectedData: {
    about: "Memory for data that is collected before a command is carried out, of all sessions",
    unit: "octets",
    standard: DEFAULT_LIMITS.collectedOctets,
    least: 32 << 20,
    most: 64 * GIB,
    engine: (collectedOctets) => ({ collectedOctets }),
  },
} as const satisfies Readonly<Record<string, LimitRow>>;

export type LimitName = keyof typeof LIMITS;
export type DeclaredLimits = { readonly [Name in LimitName]?: number | undefined };

export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];

export function limitRow(name: LimitName): LimitRow {
  return LIMITS[name];
}

/** The limit's value, as it is declared or by standard. */
export function limitOf(state: { readonly limits?: DeclaredLimits | undefined }, name: LimitName) {
  return state.limits?.[name] ?? LIMITS[name].standard;
}

/** The engine's limits, where some are declared. */
export function engineLimits(standard: Limits, declared: DeclaredLimits = {}): Limits {
  const changes = LIMIT_NAMES.map((name) => {
    const value = declared[name];
    return value === undefined ? {} : limitRow(name).engine?.(value);
  });
  return Object.assign({}, standard, ...changes);
}
