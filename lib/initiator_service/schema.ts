/**
 * What the operator wants the initiator to be: its name, the portals that it asks, the logins that
 * are restored whenever the service begins, and what is to be done with their devices.
 */
import { z } from "zod";
import { SecretReference } from "../config/schema.ts";
import { isChapUser } from "../config/chap_user.ts";
import { parseIscsiName } from "../config/iscsi_name.ts";
import { MOST_ISNS_SERVERS } from "../config/isns_servers.ts";
import { POLICIES, type PolicyName } from "../initiator/multipath/policies.ts";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import { isHost } from "./host.ts";

/** Of everything that is declared; far above what one machine uses. */
const MOST_OBJECTS = 1024;
const MOST_PATHS = 32;
const MOST_WEIGHT = 1_000_000;

const iscsiName = z.string().refine(
  (text) => parseIscsiName(text) === text,
  "is not an iSCSI name in normal form",
);
const host = z.string().refine(isHost, "is neither an address nor a host name");
const port = z.int().min(1).max(65_535);
const portal = { address: host, port };

const Account = z.strictObject({
  user: z.string().refine(isChapUser, "is not a CHAP user name"),
  secret: SecretReference,
});

/** Without a user: whoever knows the secret. */
const TargetAccount = Account.partial({ user: true });

/** Who we prove to be, and who the target has to. */
const authentication = { chap: Account.optional(), targetChap: TargetAccount.optional() };
const digests = { headerDigest: z.boolean(), dataDigest: z.boolean() };

const DiscoveryPortal = z.strictObject({ ...portal, ...digests, ...authentication });

const StaticTarget = z.strictObject({
  iqn: iscsiName,
  portals: z.array(z.strictObject(portal)).max(MOST_PATHS),
  alias: z.string().max(255).optional(),
  /** It is not listed until discovery finds it too. */
  hidden: z.boolean().optional(),
  /** It is forgotten when the service begins anew. */
  untilRestart: z.boolean().optional(),
  /** How it is logged in to where a login does not say. */
  headerDigest: z.boolean().optional(),
  dataDigest: z.boolean().optional(),
  ...authentication,
});

const Path = z.strictObject({
  ...portal,
  sourceAddress: host.optional(),
  /** Six octets: the session is known by it to the target, also after a restart of ours. */
  isid: z.string().regex(/^[0-9a-f]{12}$/, "is not an ISID"),
  /**
   * The group of the portal that a session was last open with. It stays when the service ends
   * without logging out, and what it left behind has to be ended first.
   */
  openIn: z.int().min(0).max(65_535).optional(),
});

const policy = z.enum(Object.keys(POLICIES) as [PolicyName, ...PolicyName[]]);

const seconds = z.int().min(0).max(3600);

const Login = z.strictObject({
  target: iscsiName,
  /** Its LUNs are no devices. */
  informational: z.boolean().optional(),
  /** RFC 7143 13.2, 13.15, 13.16. */
  maxConnections: z.int().min(1).max(65_535).optional(),
  defaultTime2Wait: seconds.optional(),
  defaultTime2Retain: seconds.optional(),
  paths: z.array(Path).min(1).max(MOST_PATHS),
  multipath: z.boolean(),
  connections: z.int().min(1).max(16),
  ...digests,
  ...authentication,
});

const Device = z.strictObject({
  /** As the unit names itself, or as we call it where it does not. */
  identity: z.string().min(1).max(512),
  name: z.string().min(1).max(512),
  policy,
  /** Of paths, by their names. */
  weights: z.record(z.string(), z.int().min(0).max(MOST_WEIGHT)).optional(),
  subset: z.array(z.string()).optional(),
  preferred: z.string().optional(),
  attached: z.strictObject({
    readOnly: z.boolean(),
    /** The best that the machine gives, without. */
    way: z.enum(ATTACH_WAYS).optional(),
    /** As services before wrote it, which had no other way. */
    urlOnly: z.boolean().optional(),
  }).transform(({ urlOnly: _, ...attached }) => attached).optional(),
  bound: z.boolean(),
});

export const DeclaredInitiator = z.strictObject({
  version: z.literal(1),
  name: iscsiName,
  /** By it targets prove themselves to us, where a login says no other. */
  mutualSecret: SecretReference.optional(),
  portals: z.array(DiscoveryPortal).max(MOST_OBJECTS),
  /** Name servers that are asked for targets; absent: none. */
  isnsServers: z.array(z.strictObject(portal)).max(MOST_ISNS_SERVERS).optional(),
  targets: z.array(StaticTarget).max(MOST_OBJECTS),
  logins: z.array(Login).max(MOST_OBJECTS),
  devices: z.array(Device).max(MOST_OBJECTS),
});

export type DeclaredInitiator = z.infer<typeof DeclaredInitiator>;
export type DeclaredPortal = z.infer<typeof DiscoveryPortal>;
export type DeclaredLogin = z.infer<typeof Login>;
export type DeclaredPath = z.infer<typeof Path>;
export type DeclaredDevice = z.infer<typeof Device>;
export type DeclaredAccount = z.infer<typeof Account>;
export type DeclaredTargetAccount = z.infer<typeof TargetAccount>;
export type DeclaredTarget = z.infer<typeof StaticTarget>;

/** What an initiator that nobody has configured has. */
export function emptyInitiator(name: string): DeclaredInitiator {
  return { version: 1, name, portals: [], targets: [], logins: [], devices: [] };
}
