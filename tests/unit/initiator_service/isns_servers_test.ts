import assert from "node:assert/strict";
import { IsnsServers } from "../../../lib/initiator_service/isns_servers.ts";
import { attribute, DELIMITER, valueOf } from "../../../lib/isns/attribute.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";
import { fakeSurroundings, SERVER } from "../../support/fake_isns_server.ts";
import { MemoryNetwork } from "../../support/initiator_node.ts";
import { turns } from "../../support/turns.ts";

const PLACE = { address: SERVER.host, port: SERVER.port };
const TARGET = "iqn.2026-01.org.example:mail";

function servers() {
  const { network, clock } = fakeSurroundings();
  const server = network.server!;
  server.answer = ({ functionId, attributes }) => {
    const isOwn = attributes.some(({ name }) => name === "entityIdentifier");
    if (functionId !== FunctionId.DevAttrQry || isOwn) return { attributes: [DELIMITER] };
    return {
      attributes: [
        DELIMITER,
        attribute("iscsiName", TARGET),
        attribute("portalAddress", parseIpAddress("192.0.2.9")!),
        attribute("portalPort", 3260),
      ],
    };
  };
  const news: string[] = [];
  const events = { note: (kind: string) => void news.push(kind) };
  const named = (name: string) => new MemoryNetwork().node({ name, clock });
  return { network, server, clock, news, named, isns: new IsnsServers({ network, events }) };
}

Deno.test("IsnsServers shows what its servers show, and who shows it", async () => {
  const { isns, named, news } = servers();
  await isns.reconcile(named("iqn.2026-01.org.example:host"), [PLACE]);
  assert.equal(isns.facts(PLACE).state, "connecting");
  await turns();
  assert.deepEqual(isns.found, [{
    foundBy: "isns:192.0.2.100:3205",
    targets: [{
      name: TARGET,
      addresses: [{ host: "192.0.2.9", port: 3260, portalGroupTag: undefined }],
    }],
  }]);
  const { state, notifies, targets, error } = isns.facts(PLACE);
  assert.deepEqual([state, notifies, targets, error], ["connected", true, 1, null]);
  assert.deepEqual(news, ["isns-server-present"]);
  await isns.stop();
});

Deno.test("IsnsServers remembers what a server showed while it is away", async () => {
  const { isns, named, news, network, server } = servers();
  await isns.reconcile(named("iqn.2026-01.org.example:host"), [PLACE]);
  await turns();
  network.server = undefined;
  server.hangUp();
  await turns();
  assert.equal(isns.found[0]!.targets.length, 1);
  const { state, targets, error } = isns.facts(PLACE);
  assert.deepEqual([state, targets], ["absent", 1]);
  assert.match(error!, /nothing listens there/);
  assert.equal(isns.failureOf(PLACE)?.kind, "unreachable");
  assert.deepEqual(news, ["isns-server-present", "isns-server-absent"]);
  await isns.stop();
});

Deno.test("IsnsServers leaves a server under the old name, and comes under the new one", async () => {
  const { isns, named, server } = servers();
  await isns.reconcile(named("iqn.2026-01.org.example:old"), [PLACE]);
  await turns();
  await isns.reconcile(named("iqn.2026-01.org.example:new"), [PLACE]);
  await turns();
  const said = server.seen.filter(({ functionId }) =>
    functionId === FunctionId.DevAttrReg || functionId === FunctionId.DevDereg
  ).map(({ functionId, attributes }) => [functionId, valueOf(attributes, "iscsiName")]);
  assert.deepEqual(
    new Set(said.map(String)),
    new Set([
      `${FunctionId.DevAttrReg},iqn.2026-01.org.example:old`,
      `${FunctionId.DevDereg},iqn.2026-01.org.example:old`,
      `${FunctionId.DevAttrReg},iqn.2026-01.org.example:new`,
    ]),
  );
  assert.equal(isns.found[0]!.targets.length, 1);
  await isns.stop();
});

Deno.test("IsnsServers forgets what is not declared any more, and leaves the rest", async () => {
  const { isns, named, server } = servers();
  const node = named("iqn.2026-01.org.example:host");
  await isns.reconcile(node, [PLACE]);
  await turns();
  await isns.reconcile(node, [PLACE]);
  await turns();
  assert.equal(server.seen.filter((it) => it.functionId === FunctionId.DevAttrReg).length, 1);
  await isns.reconcile(node, []);
  await turns();
  assert.deepEqual(isns.found, []);
  assert.equal(server.connectionCount, 0);
});
