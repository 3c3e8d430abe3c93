/** The initiator's facts as zod schemas; the compiler holds them to the facts' own types. */
import { z } from "@hono/zod-openapi";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import { POLICIES, type PolicyName } from "../initiator/multipath/policies.ts";
import type {
  BindFacts,
  ConnectionFacts,
  DiscoveryPortalFacts,
  InitiatorDeviceFacts,
  InitiatorFacts,
  InitiatorSessionFacts,
  IsnsServerFacts,
  KnownTargetFacts,
  LoginFacts,
  LogoutFacts,
  PersistentLoginFacts,
  PingFacts,
  ScsiAnswer,
} from "../initiator_service/control.ts";

const count = z.int().nonnegative();
const port = z.int().min(1).max(65_535);
const portal = { address: z.string(), port };

export const Portal = z.strictObject(portal).openapi("InitiatorPortal");
export const Policy = z.enum(Object.keys(POLICIES) as [PolicyName, ...PolicyName[]]);

export const Initiator = z.strictObject({
  name: z.string(),
  service: z.enum(["running", "stopped"]),
  since: z.string().nullable(),
  ready: z.boolean().nullable(),
  mutualSecret: z.boolean(),
  sessions: count,
  devices: count,
}).openapi("Initiator") satisfies z.ZodType<InitiatorFacts>;

const authentication = z.enum(["none", "chap", "mutual-chap"]);
const type = z.enum(["data", "informational"]);

export const DiscoveryPortal = z.strictObject({
  ...portal,
  chapUser: z.string().nullable(),
  authentication,
  headerDigest: z.boolean(),
  dataDigest: z.boolean(),
  targets: count.nullable(),
  askedAt: z.string().nullable(),
  error: z.string().nullable(),
}).openapi("DiscoveryPortal") satisfies z.ZodType<DiscoveryPortalFacts>;

export const IsnsServer = z.strictObject({
  ...portal,
  state: z.enum(["connected", "connecting", "absent", "stopped"]),
  notifies: z.boolean(),
  targets: count.nullable(),
  askedAt: z.string().nullable(),
  error: z.string().nullable(),
}).openapi("InitiatorIsnsServer") satisfies z.ZodType<IsnsServerFacts>;

export const KnownTarget = z.strictObject({
  iqn: z.string(),
  alias: z.string(),
  portals: z.array(z.strictObject({
    ...portal,
    portalGroup: count.nullable(),
    foundBy: z.string(),
  })),
  state: z.enum(["logged-in", "persistent", "known"]),
  sessions: count,
}).openapi("KnownTarget") satisfies z.ZodType<KnownTargetFacts>;

const digest = z.enum(["none", "crc32c"]);

export const Connection = z.strictObject({ cid: count, source: Portal, portal: Portal })
  .openapi("InitiatorConnection") satisfies z.ZodType<ConnectionFacts>;

export const InitiatorSession = z.strictObject({
  id: z.string(),
  target: z.string(),
  state: z.enum(["connecting", "logged-in", "recovering", "offline", "refused"]),
  portal: Portal,
  source: Portal.nullable(),
  isid: z.string(),
  tsih: count.nullable(),
  portalGroup: count.nullable(),
  targetAlias: z.string(),
  connections: count,
  connectionList: z.array(Connection),
  headerDigest: digest,
  dataDigest: digest,
  authentication,
  type,
  persistent: z.boolean(),
  multipath: z.boolean(),
  since: z.string(),
  losses: count,
  commands: count,
  error: z.string().nullable(),
}).openapi("InitiatorSession") satisfies z.ZodType<InitiatorSessionFacts>;

export const PersistentLogin = z.strictObject({
  target: z.string(),
  paths: z.array(z.strictObject({ portal: Portal, sourceAddress: z.string().nullable() })),
  multipath: z.boolean(),
  headerDigest: z.boolean(),
  dataDigest: z.boolean(),
  chapUser: z.string().nullable(),
  targetChapUser: z.string().nullable(),
  authentication,
  type,
  connections: count,
  maxConnections: count.nullable(),
  defaultTime2Wait: count.nullable(),
  defaultTime2Retain: count.nullable(),
  loggedIn: z.boolean(),
  error: z.string().nullable(),
}).openapi("PersistentLogin") satisfies z.ZodType<PersistentLoginFacts>;

const Path = z.strictObject({
  name: z.string(),
  session: z.string(),
  state: z.enum(["active", "standby", "failed", "probing", "quarantined"]),
  portal: Portal,
  source: Portal.nullable(),
  access: z.string().nullable(),
  weight: count,
  subset: z.boolean(),
  outstanding: count,
  commands: count,
  blocks: count,
  failures: count,
  losses: count,
  error: z.string().nullable(),
}).openapi("InitiatorPath");

export const InitiatorDevice = z.strictObject({
  name: z.string(),
  identity: z.string().nullable(),
  target: z.string(),
  lun: count,
  state: z.enum(["connecting", "online", "degraded", "no-path", "offline"]),
  size: count.nullable(),
  blockLength: count.nullable(),
  physicalBlockLength: count.nullable(),
  vendor: z.string(),
  product: z.string(),
  serial: z.string(),
  readOnly: z.boolean(),
  thin: z.boolean(),
  policy: Policy,
  paths: z.array(Path),
  attached: z.strictObject({
    readOnly: z.boolean(),
    way: z.enum(ATTACH_WAYS),
    url: z.string(),
    path: z.string().nullable(),
    clients: count,
    mounts: z.array(z.string()),
  }).nullable(),
  bound: z.boolean(),
  error: z.string().nullable(),
}).openapi("InitiatorDevice") satisfies z.ZodType<InitiatorDeviceFacts>;

export const Login = z.strictObject({
  target: z.string(),
  persistent: z.boolean(),
  sessions: z.array(InitiatorSession),
  devices: z.array(InitiatorDevice),
}).openapi("InitiatorLogin") satisfies z.ZodType<LoginFacts>;

export const Logout = z.strictObject({
  target: z.string(),
  sessions: z.array(z.string()),
  persistent: z.boolean(),
}).openapi("InitiatorLogout") satisfies z.ZodType<LogoutFacts>;

export const Bind = z.strictObject({ bound: z.array(z.string()) })
  .openapi("InitiatorBind") satisfies z.ZodType<BindFacts>;

export const Ping = z.strictObject({
  portal: Portal,
  size: count,
  replies: z.array(z.number().nullable()),
}).openapi("InitiatorPing") satisfies z.ZodType<PingFacts>;

export const Answer = z.strictObject({
  status: count,
  data: z.string(),
  sense: z.string().nullable(),
}).openapi("ScsiAnswer") satisfies z.ZodType<ScsiAnswer>;
