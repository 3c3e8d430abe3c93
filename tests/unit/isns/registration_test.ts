import assert from "node:assert/strict";
import {
  type Attribute,
  attribute,
  DELIMITER,
  emitAttributes,
  parseAttributes,
} from "../../../lib/isns/attribute.ts";
import {
  deregisterEntity,
  type Entity,
  grantedPeriodSeconds,
  isRegistered,
  queryEntity,
  registerEntity,
  registerForChanges,
} from "../../../lib/isns/registration.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";

const FIRST = { address: parseIpAddress("192.0.2.4")!, port: 5001 };
const SECOND = { address: parseIpAddress("192.0.2.5")!, port: 5001 };

/** The target device of RFC 4171 A.1.2, in so far as all nodes are behind all portals. */
const ENTITY: Entity = {
  identifier: "jbod1.example.com",
  nodes: [
    { name: "NAMEabcd", type: "target", alias: "Storage Array 1" },
    { name: "NAMEefgh", type: "target", alias: "" },
  ],
  portals: [{ ...FIRST, portalGroupTag: 10 }, { ...SECOND, portalGroupTag: 10 }],
  registrationPeriodSeconds: 300,
  esi: { portal: 1, port: 5002, intervalSeconds: 5 },
};

function texts(attributes: readonly Attribute[]): string[] {
  return attributes.map(({ name, value }) =>
    `${name} ${value instanceof Uint8Array ? value.join(".") : value ?? ""}`.trim()
  );
}

Deno.test("registerEntity lists objects as the standard's example does", () => {
  const { attributes, replaces } = registerEntity(ENTITY, "NAMEabcd");
  assert.equal(replaces, true);
  assert.deepEqual(texts(attributes), [
    "iscsiName NAMEabcd",
    "entityIdentifier jbod1.example.com",
    "delimiter",
    "entityIdentifier jbod1.example.com",
    "entityProtocol 2",
    "registrationPeriod 300",
    "portalAddress 192.0.2.4",
    "portalPort 5001",
    "portalAddress 192.0.2.5",
    "portalPort 5001",
    "esiInterval 5",
    "esiPort 5002",
    "iscsiName NAMEabcd",
    "iscsiNodeType 1",
    "iscsiAlias Storage Array 1",
    "portalGroupTag 10",
    "portalGroupAddress 192.0.2.4",
    "portalGroupPort 5001",
    "portalGroupAddress 192.0.2.5",
    "portalGroupPort 5001",
    "iscsiName NAMEefgh",
    "iscsiNodeType 1",
    "portalGroupTag 10",
    "portalGroupAddress 192.0.2.4",
    "portalGroupPort 5001",
    "portalGroupAddress 192.0.2.5",
    "portalGroupPort 5001",
  ]);
});

Deno.test("registerEntity gives each portal group its tag, or leaves all in the usual one", () => {
  const portals = [{ ...FIRST, portalGroupTag: 20 }, { ...SECOND, portalGroupTag: 30 }];
  const nodes = ENTITY.nodes.slice(0, 1);
  const entity = { ...ENTITY, nodes, portals, esi: undefined };
  const tagged = texts(registerEntity(entity, "NAMEabcd").attributes);
  assert.deepEqual(tagged.slice(tagged.indexOf("portalGroupTag 20")), [
    "portalGroupTag 20",
    "portalGroupAddress 192.0.2.4",
    "portalGroupPort 5001",
    "portalGroupTag 30",
    "portalGroupAddress 192.0.2.5",
    "portalGroupPort 5001",
  ]);
  const plain = texts(registerEntity(entity, "NAMEabcd", { groups: false }).attributes);
  assert.ok(plain.every((text) => !text.startsWith("portalGroup")));
});

Deno.test("registerEntity puts initiators in no group, and says where they are told of changes", () => {
  const entity: Entity = {
    ...ENTITY,
    nodes: [{ name: "NAMEini", type: "initiator", alias: "" }],
    portals: [{ ...FIRST, portalGroupTag: 1 }],
    esi: undefined,
    scn: { portal: 0, port: 5001 },
  };
  assert.deepEqual(texts(registerEntity(entity, "NAMEini").attributes).slice(6), [
    "portalAddress 192.0.2.4",
    "portalPort 5001",
    "scnPort 5001",
    "iscsiName NAMEini",
    "iscsiNodeType 2",
  ]);
  assert.deepEqual(texts(registerForChanges("NAMEini").attributes), [
    "iscsiName NAMEini",
    "iscsiName NAMEini",
    "delimiter",
    `iscsiScnBitmap ${0x40 | 0x10 | 0x08 | 0x04}`,
  ]);
});

Deno.test("deregisterEntity takes the whole of it out, and queryEntity asks for it", () => {
  assert.deepEqual(texts(deregisterEntity("jbod1.example.com", "NAMEabcd").attributes), [
    "iscsiName NAMEabcd",
    "delimiter",
    "entityIdentifier jbod1.example.com",
  ]);
  assert.deepEqual(texts(queryEntity("jbod1.example.com", "NAMEabcd").attributes), [
    "iscsiName NAMEabcd",
    "entityIdentifier jbod1.example.com",
    "delimiter",
    "entityIdentifier",
    "iscsiName",
    "portalAddress",
    "portalPort",
  ]);
});

Deno.test("isRegistered misses a node or a portal that the server has lost", () => {
  const portal = (port: number) => attribute("portalPort", port);
  const names = ENTITY.nodes.map(({ name }) => attribute("iscsiName", name));
  const all = [DELIMITER, ...names, portal(5001), portal(5001)];
  assert.equal(isRegistered(ENTITY, all), true);
  assert.equal(isRegistered(ENTITY, all.filter(({ value }) => value !== "NAMEefgh")), false);
  assert.equal(isRegistered(ENTITY, all.slice(0, -1)), false);
  assert.equal(isRegistered(ENTITY, [DELIMITER]), false);
  assert.equal(isRegistered(ENTITY, []), false);
});

Deno.test("grantedPeriodSeconds is what the server made of it, where it says so", () => {
  const granted = [DELIMITER, attribute("registrationPeriod", 600)];
  assert.equal(grantedPeriodSeconds(granted), 600);
  assert.equal(grantedPeriodSeconds([DELIMITER]), undefined);
});

Deno.test("registerEntity makes a message of any number of targets", () => {
  const nodes = Array.from({ length: 4096 }, (_, at) => ({
    name: `iqn.2026-01.org.example:disk${at}`,
    type: "target" as const,
    alias: `disk ${at}`,
  }));
  const { attributes } = registerEntity({ ...ENTITY, nodes }, nodes[0]!.name);
  assert.deepEqual(parseAttributes(emitAttributes(attributes), attributes.length), attributes);
});
