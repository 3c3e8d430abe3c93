/** What comes with requests to the initiator's API. */
import { z } from "@hono/zod-openapi";
import { ATTACH_WAYS } from "../nbd/attach/way.ts";
import { Policy } from "./initiator_schemas.ts";

const text = z.string().min(1).max(4096);
const portal = { address: text, port: z.number() };
const Portal = z.strictObject(portal);

const Account = z.strictObject({ user: text, secret: text });
const authentication = {
  chap: Account.optional(),
  targetChap: Account.partial({ user: true }).optional(),
  mutual: z.boolean().optional(),
};
const digests = { headerDigest: z.boolean().optional(), dataDigest: z.boolean().optional() };

export const NameBody = z.strictObject({ name: text }).openapi("InitiatorName");

export const MutualSecretBody = z.strictObject({ secret: text.optional() })
  .openapi("MutualSecret");

export const PortalBody = Portal;

export const NewPortalBody = z.strictObject({ ...portal, ...digests, ...authentication })
  .openapi("NewDiscoveryPortal");

export const RefreshBody = z.strictObject({ portal: Portal.optional() }).openapi("RefreshPortals");

export const RefreshIsnsBody = z.strictObject({ server: Portal.optional() })
  .openapi("RefreshIsnsServers");

export const NewTargetBody = z.strictObject({
  iqn: text,
  portals: z.array(Portal).max(32),
  alias: z.string().max(255).optional(),
  hidden: z.boolean().optional(),
  persist: z.boolean().optional(),
  merge: z.boolean().optional(),
  ...digests,
  ...authentication,
}).openapi("NewStaticTarget");

export const IqnBody = z.strictObject({ iqn: text }).openapi("TargetName");

const seconds = z.int().min(0).max(3600);

export const LoginBody = z.strictObject({
  target: text,
  paths: z.array(z.strictObject({ portal: Portal, sourceAddress: text.optional() })).max(32)
    .optional(),
  multipath: z.boolean().optional(),
  persistent: z.boolean().optional(),
  recordOnly: z.boolean().optional(),
  connections: z.int().min(1).max(16).optional(),
  maxConnections: z.int().min(1).max(65_535).optional(),
  defaultTime2Wait: seconds.optional(),
  defaultTime2Retain: seconds.optional(),
  informational: z.boolean().optional(),
  policy: Policy.optional(),
  ...digests,
  ...authentication,
}).openapi("NewLogin");

export const LogoutBody = z.strictObject({
  target: text.optional(),
  session: text.optional(),
  force: z.boolean().optional(),
}).openapi("LogoutChoice");

export const NewConnectionBody = z.strictObject({
  session: text,
  portal: Portal.optional(),
  sourceAddress: text.optional(),
  ...digests,
  ...authentication,
}).openapi("NewConnection");

export const ConnectionBody = z.strictObject({ session: text, cid: z.int() })
  .openapi("ConnectionChoice");

export const PersistentBody = z.strictObject({ target: text, portal: Portal.optional() })
  .openapi("PersistentChoice");

export const AttachBody = z.strictObject({
  device: text,
  readOnly: z.boolean().optional(),
  way: z.enum(ATTACH_WAYS).optional(),
}).openapi("AttachDevice");

export const DetachBody = z.strictObject({ device: text, force: z.boolean().optional() })
  .openapi("DetachDevice");

export const PolicyBody = z.strictObject({
  device: text,
  policy: Policy,
  subset: z.array(text).max(32).optional(),
  weights: z.record(text, z.number()).optional(),
  preferred: text.optional(),
}).openapi("DevicePolicy");

export const BindBody = z.strictObject({ device: text.optional() }).openapi("BindDevices");

export const UnbindBody = z.strictObject({ device: text.optional() }).openapi("Unbind");

export const PingBody = z.strictObject({
  portal: Portal,
  count: z.int().optional(),
  size: z.int().optional(),
  timeoutMs: z.int().optional(),
}).openapi("PingPortal");

export const AskBody = z.strictObject({
  session: text,
  question: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("inquiry"),
      lun: z.int(),
      page: z.int().min(0).max(255).optional(),
    }),
    z.strictObject({ kind: z.literal("read-capacity"), lun: z.int() }),
    z.strictObject({ kind: z.literal("report-luns") }),
  ]),
}).openapi("ScsiQuestion");
