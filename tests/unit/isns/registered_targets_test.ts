import assert from "node:assert/strict";
import { type Attribute, attribute, DELIMITER, empty } from "../../../lib/isns/attribute.ts";
import { NodeType, UDP_PORT } from "../../../lib/isns/attribute_table.ts";
import { ISNS_LIMITS, type IsnsLimits } from "../../../lib/isns/limits.ts";
import { TargetsReader } from "../../../lib/isns/registered_targets.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";

const NAME = "iqn.2026-01.org.example:a";
const OTHER = "iqn.2026-01.org.example:b";

function read(attributes: readonly Attribute[], limits: IsnsLimits = ISNS_LIMITS) {
  const reader = new TargetsReader(limits);
  reader.read([DELIMITER, ...attributes]);
  const targets = reader.targets().map(({ name, portals }) => [
    name,
    ...portals.map(({ address, port, portalGroupTag }) =>
      `${address} ${port} ${portalGroupTag ?? "-"}`
    ),
  ]);
  return { targets, isCut: reader.isCut };
}

function node(name: string, type: number = NodeType.TARGET): Attribute[] {
  return [attribute("iscsiName", name), attribute("iscsiNodeType", type)];
}

function portal(address: string, port: number): Attribute[] {
  return [attribute("portalAddress", parseIpAddress(address)!), attribute("portalPort", port)];
}

/** Without a tag it says that the portal does not lead to the node. */
function group(name: string, address: string, port: number, tag?: number): Attribute[] {
  return [
    attribute("portalGroupName", name),
    attribute("portalGroupAddress", parseIpAddress(address)!),
    attribute("portalGroupPort", port),
    tag === undefined ? empty("portalGroupTag") : attribute("portalGroupTag", tag),
  ];
}

Deno.test("TargetsReader takes the portals that the groups of a target name", () => {
  const answer = [
    ...node(NAME),
    ...node(OTHER),
    ...portal("192.0.2.1", 3260),
    ...portal("192.0.2.2", 3260),
    ...group(NAME, "192.0.2.1", 3260, 1),
    ...group(OTHER, "192.0.2.2", 3260, 7),
  ];
  assert.deepEqual(read(answer).targets, [
    [NAME, "192.0.2.1 3260 1"],
    [OTHER, "192.0.2.2 3260 7"],
  ]);
});

Deno.test("TargetsReader takes the portals behind a target where no group is told", () => {
  const answer = [
    ...node(NAME),
    ...portal("192.0.2.1", 3260),
    ...portal("2001:db8::1", 3261),
    ...node(OTHER),
    ...portal("192.0.2.2", 0),
  ];
  assert.deepEqual(read(answer).targets, [
    [NAME, "192.0.2.1 3260 -", "2001:db8::1 3261 -"],
    [OTHER, "192.0.2.2 3260 -"],
  ]);
});

Deno.test("TargetsReader leaves out portals that do not lead to the target", () => {
  const answer = [
    ...node(NAME),
    ...portal("192.0.2.1", 3260),
    ...portal("192.0.2.2", 3260),
    ...group(NAME, "192.0.2.1", 3260),
  ];
  assert.deepEqual(read(answer).targets, [[NAME, "192.0.2.2 3260 -"]]);
});

Deno.test("TargetsReader leaves out initiators, UDP, and targets that are nowhere", () => {
  const answer = [
    ...node(NAME, NodeType.INITIATOR),
    ...portal("192.0.2.1", 3260),
    ...node(OTHER),
    ...portal("192.0.2.1", UDP_PORT | 3260),
  ];
  assert.deepEqual(read(answer).targets, []);
});

Deno.test("B-24: TargetsReader leaves out what is no iSCSI name, and whatever goes with it", () => {
  const answer = [
    ...node("not a name; rm -rf /"),
    ...portal("192.0.2.1", 3260),
    ...group("also none", "192.0.2.1", 3260, 1),
    ...node("IQN.2026-01.ORG.EXAMPLE:A"),
    ...portal("192.0.2.2", 3260),
  ];
  assert.deepEqual(read(answer).targets, [[NAME, "192.0.2.2 3260 -"]]);
});

Deno.test("TargetsReader survives attributes in any order, and halves of portals", () => {
  const halves = [
    attribute("portalAddress", parseIpAddress("192.0.2.1")!),
    attribute("portalPort", 3260),
    attribute("iscsiNodeType", 1),
    attribute("portalGroupName", NAME),
    attribute("portalGroupPort", 3260),
    ...node(NAME),
    attribute("portalAddress", parseIpAddress("192.0.2.1")!),
    attribute("portalGroupName", NAME),
    attribute("portalGroupAddress", parseIpAddress("192.0.2.9")!),
  ];
  assert.deepEqual(read(halves).targets, []);
  assert.deepEqual(read(halves.toReversed()).targets, []);
});

Deno.test("TargetsReader keeps so many targets and portals, and says that it left some out", () => {
  const many = Array.from({ length: 10 }, (_, at) => [
    ...node(`${NAME}${at}`),
    ...Array.from({ length: 5 }, (_, each) => portal("192.0.2.1", 3260 + each)).flat(),
  ]).flat();
  const all = read(many);
  assert.deepEqual([all.targets.length, all.isCut], [10, false]);
  const fewer = read(many, { ...ISNS_LIMITS, targets: 3, portals: 2 });
  assert.equal(fewer.isCut, true);
  assert.deepEqual(fewer.targets.map(({ length }) => length - 1), [2, 2, 2]);
});
