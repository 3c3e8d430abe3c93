import assert from "node:assert/strict";
import {
  type Attribute,
  attribute,
  DELIMITER,
  operating,
  valueOf,
} from "../../../lib/isns/attribute.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { Link } from "../../../lib/isns/link.ts";
import type { Message } from "../../../lib/isns/message.ts";
import { Status } from "../../../lib/isns/status.ts";
import { type Offer, TargetTask } from "../../../lib/isns/target_task.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";
import { type Answerer, fakeSurroundings, SERVER } from "../../support/fake_isns_server.ts";
import { turns } from "../../support/turns.ts";

const OWN = { address: parseIpAddress("192.0.2.4")!, port: 3260, portalGroupTag: 1 };
const AWAY = { address: parseIpAddress("203.0.113.7")!, port: 3260, portalGroupTag: 1 };
const MAIL = { name: "iqn.2026-01.org.example:mail", type: "target", alias: "mail" } as const;
const WEB = { name: "iqn.2026-01.org.example:web", type: "target", alias: "" } as const;

/** A server that keeps what it is told to keep. */
function keeping(kept: { attributes: readonly Attribute[] | undefined }): Answerer {
  return ({ functionId, attributes }) => {
    switch (functionId) {
      case FunctionId.DevAttrReg:
        kept.attributes = operating(attributes);
        break;
      case FunctionId.DevDereg:
        kept.attributes = undefined;
        break;
      case FunctionId.DevAttrQry:
        return { attributes: [DELIMITER, ...kept.attributes ?? []] };
    }
    return {};
  };
}

function registering(offer: Offer) {
  const around = fakeSurroundings();
  const kept: { attributes: readonly Attribute[] | undefined } = { attributes: undefined };
  const server = around.network.server!;
  server.answer = keeping(kept);
  const offered = { now: offer };
  const task = new TargetTask({
    ...around,
    identifier: "sanctl-target-x",
    offer: () => Promise.resolve(offered.now),
  });
  const news: string[] = [];
  const onChange = (failure?: Error) => void news.push(failure?.message ?? "well");
  const link = new Link({ ...around, server: SERVER, task, onChange });
  const poke = async () => {
    around.clock.advance(1000);
    await link.poke();
  };
  const stop = async () => {
    await link.stop();
    await task.close();
  };
  return { ...around, server, kept, offered, task, news, link, poke, stop };
}

function registrations(seen: readonly Message[]): Message[] {
  return seen.filter(({ functionId }) => functionId === FunctionId.DevAttrReg);
}

function namesIn(attributes: readonly Attribute[] | undefined) {
  return attributes?.filter(({ name }) => name === "iscsiName").map(({ value }) => value);
}

Deno.test("TargetTask registers what is offered, and keeps that by asking for it", async () => {
  const { link, server, kept, clock, stop } = registering({ nodes: [MAIL], portals: [OWN] });
  link.start();
  await turns();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name]);
  for (let minute = 0; minute < 10; minute++) {
    clock.advance(60_000);
    await turns();
  }
  assert.equal(registrations(server.seen).length, 1);
  assert.equal(server.seen.filter((it) => it.functionId === FunctionId.DevAttrQry).length, 10);
  await stop();
  assert.equal(kept.attributes, undefined);
});

Deno.test("TargetTask registers at once what has changed, and takes out what is gone", async () => {
  const { link, server, kept, offered, poke, stop } = registering({
    nodes: [MAIL],
    portals: [OWN],
  });
  link.start();
  await turns();
  offered.now = { nodes: [MAIL, WEB], portals: [OWN] };
  await poke();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name, WEB.name]);
  offered.now = { nodes: [WEB], portals: [OWN] };
  await poke();
  assert.deepEqual(namesIn(kept.attributes), [WEB.name]);
  // 5.6.1: whoever changes an entity is a node of it, as the server has it.
  assert.deepEqual(
    registrations(server.seen).map(({ attributes }) => valueOf(attributes, "iscsiName")),
    [MAIL.name, MAIL.name, MAIL.name],
  );
  offered.now = { nodes: [], portals: [OWN] };
  await poke();
  assert.equal(kept.attributes, undefined);
  offered.now = { nodes: [MAIL], portals: [] };
  await poke();
  assert.equal(kept.attributes, undefined);
  offered.now = { nodes: [MAIL], portals: [AWAY] };
  await poke();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name]);
  await stop();
});

Deno.test("TargetTask registers anew where the server has forgotten it", async () => {
  const { link, kept, server, clock, stop } = registering({ nodes: [MAIL], portals: [OWN] });
  link.start();
  await turns();
  kept.attributes = undefined;
  clock.advance(60_000);
  await turns();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name]);
  server.hangUp(); // it was started anew, without its database
  kept.attributes = undefined;
  await turns();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name]);
  await stop();
});

Deno.test("TargetTask is heard of three times in the period that the server grants", async () => {
  const { link, server, task, stop } = registering({ nodes: [MAIL], portals: [OWN] });
  server.grantFor(30);
  link.start();
  await turns();
  assert.equal(task.refreshMs, 10_000);
  await stop();
});

Deno.test("TargetTask answers whether it is there, on the portal that is its own", async () => {
  const { link, kept, network, stop } = registering({ nodes: [MAIL], portals: [AWAY, OWN] });
  link.start();
  await turns();
  const port = valueOf(kept.attributes!, "esiPort")!;
  assert.deepEqual(network.openPorts, [port]);
  const order = kept.attributes!.map(({ name }) => name);
  assert.ok(order.indexOf("esiPort") > order.lastIndexOf("portalAddress"), order.join());
  const inquiry = [attribute("timestamp", 1), attribute("entityIdentifier", "sanctl-target-x")];
  const asked = { functionId: FunctionId.ESI, transactionId: 77, attributes: inquiry };
  const answer = await network.call(port, asked);
  assert.equal(answer?.functionId, 0x800d);
  assert.deepEqual([answer?.transactionId, answer?.status, answer?.attributes], [77, 0, inquiry]);
  await stop();
  assert.deepEqual(network.openPorts, []);
});

Deno.test("TargetTask is not asked where the server could not come to it", async () => {
  const { link, kept, network, stop } = registering({ nodes: [MAIL], portals: [AWAY] });
  link.start();
  await turns();
  assert.equal(valueOf(kept.attributes!, "esiPort"), undefined);
  assert.deepEqual(network.openPorts, []);
  await stop();
});

Deno.test("TargetTask does without inquiries that something on the way keeps from it", async () => {
  const { link, kept, clock, stop } = registering({ nodes: [MAIL], portals: [OWN] });
  link.start();
  await turns();
  assert.notEqual(valueOf(kept.attributes!, "esiPort"), undefined);
  kept.attributes = undefined; // it asked, heard nothing, and took us out
  clock.advance(60_000);
  await turns();
  assert.deepEqual(namesIn(kept.attributes), [MAIL.name]);
  assert.equal(valueOf(kept.attributes!, "esiPort"), undefined);
  await stop();
});

Deno.test("TargetTask does without what the server cannot do", async () => {
  const { link, kept, server, news, stop } = registering({ nodes: [MAIL], portals: [OWN] });
  const { answer } = server;
  server.answer = (asked) => {
    const names = asked.attributes.map(({ name }) => name);
    if (names.includes("esiPort")) return { status: Status.ESI_NOT_AVAILABLE };
    if (asked.functionId === FunctionId.DevAttrReg && names.includes("portalGroupTag")) {
      return { status: Status.REGISTRATION_FEATURE_NOT_SUPPORTED };
    }
    return answer(asked);
  };
  link.start();
  await turns(300);
  assert.deepEqual([namesIn(kept.attributes), news], [[MAIL.name], ["well"]]);
  assert.equal(registrations(server.seen).length, 3);
  await stop();
});

Deno.test("TargetTask tells of a registration that the server refuses, and tries again", async () => {
  const { link, kept, server, news, task, clock, stop } = registering({
    nodes: [MAIL],
    portals: [OWN],
  });
  const { answer } = server;
  server.answer = ({ functionId }) => functionId === FunctionId.DevAttrReg ? { status: 3 } : {};
  link.start();
  await turns();
  assert.match(news[0]!, /refuses DevAttrReg: invalid registration \(status 3\)/);
  assert.equal(task.entity, undefined);
  server.answer = answer;
  clock.advance(1000);
  await turns();
  assert.deepEqual([namesIn(kept.attributes), news.at(-1)], [[MAIL.name], "well"]);
  await stop();
});
