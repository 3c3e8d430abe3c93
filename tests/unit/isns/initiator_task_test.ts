import assert from "node:assert/strict";
import { type Attribute, attribute, DELIMITER, valueOf } from "../../../lib/isns/attribute.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { InitiatorTask } from "../../../lib/isns/initiator_task.ts";
import { Link } from "../../../lib/isns/link.ts";
import { Status } from "../../../lib/isns/status.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";
import { fakeSurroundings, SERVER } from "../../support/fake_isns_server.ts";
import { turns } from "../../support/turns.ts";

const NAME = "iqn.2026-01.org.example:host";
const TARGET = "iqn.2026-01.org.example:mail";

function target(name: string): Attribute[] {
  return [
    attribute("iscsiName", name),
    attribute("iscsiNodeType", 1),
    attribute("portalAddress", parseIpAddress("192.0.2.9")!),
    attribute("portalPort", 3260),
  ];
}

function asking() {
  const around = fakeSurroundings();
  const server = around.network.server!;
  /** Targets that the server shows. */
  const shown = { now: [TARGET] };
  server.answer = ({ functionId, attributes }) => {
    if (functionId !== FunctionId.DevAttrQry) return {};
    const own = [attribute("iscsiName", NAME), attribute("portalPort", 1)];
    const isOwn = attributes.some(({ name }) => name === "entityIdentifier");
    return { attributes: [DELIMITER, ...isOwn ? own : shown.now.flatMap(target)] };
  };
  const told: string[][] = [];
  const task: InitiatorTask = new InitiatorTask({
    ...around,
    ...{ name: NAME, alias: "" },
    onTargets: ({ targets }) => void told.push(targets.map(({ name }) => name)),
    onTold: () => link.poke(),
  });
  const news: string[] = [];
  const onChange = (failure?: Error) => void news.push(failure?.message ?? "well");
  const link: Link = new Link({ ...around, server: SERVER, task, onChange });
  const stop = async () => {
    await link.stop();
    await task.close();
  };
  const asked = () => server.seen.map(({ functionId }) => functionId);
  return { ...around, server, shown, told, task, news, link, stop, asked };
}

Deno.test("InitiatorTask registers, has itself told of changes, and asks for targets", async () => {
  const { link, told, task, asked, stop } = asking();
  link.start();
  await turns();
  assert.deepEqual(asked(), [FunctionId.DevAttrReg, FunctionId.SCNReg, FunctionId.DevAttrQry]);
  assert.deepEqual([told, task.isTold], [[[TARGET]], true]);
  await stop();
  assert.equal(asked().at(-1), FunctionId.DevDereg);
});

Deno.test("InitiatorTask asks again when the server tells of a change, whatever it tells", async () => {
  const { link, told, server, network, shown, clock, stop } = asking();
  link.start();
  await turns();
  const port = valueOf(server.seen[0]!.attributes, "scnPort")!;
  shown.now = [TARGET, `${TARGET}2`];
  clock.advance(1000);
  const answer = await network.call(port, {
    functionId: FunctionId.SCN,
    transactionId: 5,
    attributes: [
      attribute("iscsiName", NAME),
      attribute("timestamp", 1),
      attribute("iscsiScnBitmap", 8),
      attribute("iscsiName", "iqn.2026-01.org.example:made-up"),
    ],
  });
  await turns();
  assert.deepEqual([answer?.functionId, answer?.status], [0x8008, 0]);
  assert.deepEqual(answer?.attributes, [attribute("iscsiName", NAME)]);
  assert.deepEqual(told, [[TARGET], [TARGET, `${TARGET}2`]]);
  await stop();
});

Deno.test("InitiatorTask answers nonsense with an error, and closes on rubbish", async () => {
  const { link, server, network, stop } = asking();
  link.start();
  await turns();
  const port = valueOf(server.seen[0]!.attributes, "scnPort")!;
  const question = { functionId: FunctionId.DevAttrReg, transactionId: 5, attributes: [] };
  const answer = await network.call(port, question);
  assert.equal(answer?.status, Status.MESSAGE_NOT_SUPPORTED);
  await stop();
});

Deno.test("InitiatorTask asks every minute where nothing tells of changes", async () => {
  const { link, told, server, shown, task, clock, stop } = asking();
  const { answer } = server;
  server.answer = (asked) =>
    asked.functionId === FunctionId.SCNReg
      ? { status: Status.SCN_REGISTRATION_REJECTED }
      : answer(asked);
  link.start();
  await turns();
  assert.equal(task.isTold, false);
  shown.now = [];
  clock.advance(60_000);
  await turns();
  assert.deepEqual(told, [[TARGET], []]);
  await stop();
});

Deno.test("InitiatorTask asks for targets where it may not register", async () => {
  const { link, told, server, news, stop, asked } = asking();
  const { answer } = server;
  server.answer = (asked) =>
    asked.functionId === FunctionId.DevAttrReg ? { status: 8 } : answer(asked);
  link.start();
  await turns();
  assert.deepEqual([told, news], [[[TARGET]], ["well"]]);
  await stop();
  assert.ok(!asked().includes(FunctionId.DevDereg));
});

Deno.test("InitiatorTask goes from node to node where a server knows no other way", async () => {
  const { link, told, server, stop } = asking();
  const nodes = [TARGET, NAME, `${TARGET}2`];
  server.answer = ({ functionId, attributes }) => {
    const names = attributes.filter(({ name }) => name === "iscsiName").map(({ value }) => value);
    if (functionId === FunctionId.DevGetNext) {
      const next = nodes[names[1] === undefined ? 0 : nodes.indexOf(String(names[1])) + 1];
      if (next === undefined) return { status: Status.NO_SUCH_ENTRY };
      const type = attribute("iscsiNodeType", next === NAME ? 2 : 1);
      return { attributes: [attribute("iscsiName", next), DELIMITER, type] };
    }
    if (functionId !== FunctionId.DevAttrQry) return {};
    if (names[1] === undefined) return { status: Status.INVALID_QUERY };
    return { attributes: [DELIMITER, ...target(String(names[1]))] };
  };
  link.start();
  await turns(400);
  assert.deepEqual(told, [[TARGET, `${TARGET}2`]]);
  await stop();
});

Deno.test("InitiatorTask is not led in a circle", async () => {
  const { link, told, server, asked, stop } = asking();
  server.answer = ({ functionId, attributes }) => {
    if (functionId === FunctionId.DevGetNext) {
      const type = attribute("iscsiNodeType", 1);
      return { attributes: [attribute("iscsiName", TARGET), DELIMITER, type] };
    }
    if (functionId !== FunctionId.DevAttrQry) return {};
    const isByType = attributes.some(({ name, value }) =>
      name === "iscsiNodeType" && value !== undefined
    );
    return isByType ? { status: 18 } : { attributes: [DELIMITER, ...target(TARGET)] };
  };
  link.start();
  await turns(400);
  assert.deepEqual(told, [[TARGET]]);
  assert.equal(asked().filter((each) => each === FunctionId.DevGetNext).length, 2);
  await stop();
});

Deno.test("InitiatorTask registers again where the server was busy, though the connection stays", async () => {
  const { link, server, task, clock, stop } = asking();
  const { answer } = server;
  server.answer = (asked) =>
    asked.functionId === FunctionId.DevAttrReg ? { status: 12 } : answer(asked);
  link.start();
  await turns();
  assert.equal(task.isTold, false);
  server.answer = answer;
  clock.advance(60_000);
  await turns();
  assert.ok(task.isTold, "it is told of changes");
  await stop();
});

Deno.test("InitiatorTask is heard of three times in the period that the server grants", async () => {
  const { link, server, task, stop } = asking();
  server.grantFor(30);
  link.start();
  await turns();
  assert.equal(task.refreshMs, 10_000);
  await stop();
});
