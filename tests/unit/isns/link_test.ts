import assert from "node:assert/strict";
import { empty } from "../../../lib/isns/attribute.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { Link, type LinkTask } from "../../../lib/isns/link.ts";
import type { ServerSession } from "../../../lib/isns/server_session.ts";
import { type FakeSurroundings, fakeSurroundings, SERVER } from "../../support/fake_isns_server.ts";
import { turns } from "../../support/turns.ts";

const REFRESH_MS = 60_000;
const QUESTION = { functionId: FunctionId.DevAttrQry, attributes: [empty("iscsiName")] };

/** Asks one thing each time, and writes down what it did. */
class OneQuestion implements LinkTask {
  readonly refreshMs = REFRESH_MS;
  readonly done: string[] = [];

  async tend(session: ServerSession, isNew: boolean): Promise<void> {
    await session.ask(QUESTION);
    this.done.push(isNew ? "new" : "again");
  }

  async leave(session: ServerSession): Promise<void> {
    await session.ask({ ...QUESTION, functionId: FunctionId.DevDereg });
    this.done.push("left");
  }

  asked(): void {
    this.done.push("asked");
  }
}

function linked(around: FakeSurroundings = fakeSurroundings()) {
  const task = new OneQuestion();
  const news: string[] = [];
  const onChange = (failure?: Error) => void news.push(failure?.message ?? "well");
  const link = new Link({ ...around, server: SERVER, task, onChange });
  return { ...around, server: around.network.server!, task, news, link };
}

Deno.test("Link does at once what is to be done, and again as often as its task says", async () => {
  const { link, task, news, clock } = linked();
  link.start();
  await turns();
  assert.deepEqual([task.done, news, link.isWell], [["new"], ["well"], true]);
  clock.advance(REFRESH_MS - 1);
  await turns();
  assert.deepEqual(task.done, ["new"]);
  clock.advance(1);
  await turns();
  assert.deepEqual([task.done, news], [["new", "again"], ["well"]]);
  await link.stop();
});

Deno.test("Link does it when there is something to do, and tells when it is done", async () => {
  const { link, task, clock } = linked();
  link.start();
  await link.poke();
  assert.deepEqual(task.done, ["new"]);
  clock.advance(1000);
  await link.poke();
  assert.deepEqual(task.done, ["new", "again"]);
  await link.stop();
});

Deno.test("Link asks no more than a few times a second, however often it is told to", async () => {
  const { link, task, clock } = linked();
  link.start();
  await turns();
  for (let i = 0; i < 1000; i++) {
    link.poke();
    await turns(5);
  }
  assert.deepEqual(task.done, ["new"]);
  clock.advance(200);
  await turns();
  assert.deepEqual(task.done, ["new", "again"]);
  await link.stop();
});

Deno.test("Link tries an absent server with growing pauses, and tells that once", async () => {
  const around = fakeSurroundings();
  const { network, clock } = around;
  const { server, link, task, news } = linked(around);
  network.server = undefined;
  link.start();
  await turns();
  const dials = [network.dials];
  for (let second = 0; second < 120; second++) {
    clock.advance(1000);
    await turns();
    dials.push(network.dials);
  }
  assert.deepEqual(news, ["cannot connect to 192.0.2.100:3205: nothing listens there"]);
  assert.equal(link.failure?.kind, "unreachable");
  const [early, late] = [dials[4]! - dials[0]!, dials[120]! - dials[90]!];
  assert.ok(early >= 3 && late <= 3 && late >= 1, `${early} tries at first, ${late} at last`);
  network.server = server;
  clock.advance(30_000);
  await turns();
  assert.deepEqual([task.done, news.at(-1), link.isWell], [["new"], "well", true]);
  await link.stop();
});

Deno.test("Link is back at once when the server closes a connection that said nothing", async () => {
  const { link, task, news, server, network, clock } = linked();
  link.start();
  await turns();
  server.hangUp();
  await turns();
  assert.deepEqual([task.done, network.dials], [["new", "new"], 2]);
  // A server that always does so is met again when there is something to do.
  server.hangUp();
  await turns();
  assert.equal(network.dials, 2);
  clock.advance(1000);
  await link.poke();
  assert.equal(network.dials, 3);
  assert.deepEqual(news, ["well"]);
  await link.stop();
});

Deno.test("Link notices at once that the server has ended", async () => {
  const { link, news, server, network } = linked();
  link.start();
  await turns();
  network.server = undefined;
  server.hangUp();
  await turns();
  assert.match(news.at(-1)!, /nothing listens there/);
  await link.stop();
});

Deno.test("Link gives up on a server that does not answer, and tries again", async () => {
  const { link, task, news, server, clock } = linked();
  server.answer = () => undefined;
  link.start();
  await turns();
  clock.advance(15_000);
  await turns();
  assert.match(
    news[0]!,
    /^iSNS server 192\.0\.2\.100:3205: it did not answer DevAttrQry within 15 s$/,
  );
  server.answer = () => ({});
  clock.advance(1000);
  await turns();
  assert.deepEqual(task.done, ["new"]);
  await link.stop();
});

Deno.test("Link tells in words what the server refuses, and what it does wrong", async () => {
  const { link, news, server } = linked();
  server.answer = () => ({ status: 8 });
  link.start();
  await turns();
  assert.match(
    news[0]!,
    /refuses DevAttrQry: source unauthorized \(status 8\): its policy does not/,
  );
  await link.stop();
  for (
    const [octets, message] of [
      ["485454502f312e31", /version 18516 is none of iSNS/],
      ["000180020000000000010000", /PDU 0 says that it is not first/],
      ["000180010004 4c00 0001 0000 00000000", /answered by an answer to DevAttrReg/],
    ] as const
  ) {
    const other = linked();
    other.server.answer = () => undefined;
    other.link.start();
    await turns();
    await other.server.shout(Uint8Array.fromHex(octets.replaceAll(" ", "").padEnd(24, "0")));
    await turns();
    assert.match(other.news[0] ?? "", message);
    await other.link.stop();
  }
});

Deno.test("Link tells whoever waits only once it knows why it failed", async () => {
  const { link, server, clock } = linked();
  link.start();
  await turns();
  server.answer = () => ({ status: 11 });
  clock.advance(1000);
  await link.poke();
  assert.match(link.failure?.message ?? "", /internal error \(status 11\)$/);
  await link.stop();
});

Deno.test("Link takes leave of the server, over a new connection where the old one is gone", async () => {
  const { link, task, server } = linked();
  link.start();
  await turns();
  server.hangUp();
  await turns();
  server.hangUp();
  await turns();
  await link.stop();
  await turns();
  assert.deepEqual(task.done, ["new", "new", "left"]);
  assert.equal(server.connectionCount, 0);
});

Deno.test("Link does not wait long for a server that it takes leave of", async () => {
  const { link, task, server, clock } = linked();
  link.start();
  await turns();
  server.answer = () => undefined;
  const stopped = link.stop();
  await turns();
  clock.advance(3000);
  await stopped;
  assert.deepEqual(task.done, ["new"]);
});

Deno.test("Link leaves nobody waiting when it stops", async () => {
  const around = fakeSurroundings();
  const { link, network } = linked(around);
  network.server = undefined;
  link.start();
  await turns();
  const poked = link.poke();
  await link.stop();
  await poked;
  await link.poke();
});
