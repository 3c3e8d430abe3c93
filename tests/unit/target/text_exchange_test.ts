import assert from "node:assert/strict";
import fc from "fast-check";
import { BHS_LENGTH, RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { RejectReason } from "../../../lib/iscsi/pdu/reject.ts";
import { TextRequest } from "../../../lib/iscsi/pdu/text_request.ts";
import { TextResponse } from "../../../lib/iscsi/pdu/text_response.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import type { Endpoint } from "../../../lib/target/endpoint.ts";
import type { TargetNode } from "../../../lib/target/node.ts";
import { PduWriter } from "../../../lib/iscsi/pdu_writer.ts";
import { TextExchange } from "../../../lib/target/text_exchange.ts";
import type { View } from "../../../lib/wire/layout.ts";
import {
  DISCOVERY,
  ENDPOINT,
  INITIATOR,
  type Keys,
  LoginScript,
  NORMAL,
  readPairs,
  STRAIGHT,
  TARGET,
  testNode,
  testTarget,
  textOf,
} from "../../support/login.ts";

const STRANGER = "iqn.2026-01.org.example:stranger";
const SECOND = "iqn.2026-01.org.example:second";

interface TextAnswer {
  readonly header: View<typeof TextResponse.fields>;
  readonly text: string;
  readonly pairs: readonly (readonly [string, string])[];
}

/** A session with its text exchange, driven without a connection. */
class TextScript {
  statSN = 100;
  declared: number | undefined;
  readonly #exchange: TextExchange;
  readonly #script: LoginScript;

  private constructor(script: LoginScript, node: TargetNode, endpoint: Endpoint, longest: number) {
    this.#script = script;
    this.#exchange = new TextExchange({
      node,
      endpoint,
      session: script.login.outcome!.session,
      writer: new PduWriter(script.outbox),
      peerMaxRecvDataSegmentLength: longest,
      onPeerMaxRecvDataSegmentLength: (length) => this.declared = length,
    });
  }

  static async open(
    node: TargetNode,
    { keys = DISCOVERY as Keys, endpoint = ENDPOINT, longest = 8192 } = {},
  ): Promise<TextScript> {
    const script = new LoginScript(node, endpoint);
    await script.send(STRAIGHT, keys);
    return new TextScript(script, node, endpoint, longest);
  }

  /** Sends a request; the answer, or why it was rejected. */
  send(
    fields: Partial<View<typeof TextRequest.fields>>,
    text: Uint8Array = new Uint8Array(0),
  ): TextAnswer | number {
    const request = new TextRequest(new Uint8Array(BHS_LENGTH));
    request.opcode = Opcode.TEXT_REQUEST;
    request.final = true;
    request.initiatorTaskTag = 5;
    request.targetTransferTag = RESERVED_TAG;
    Object.assign(request, fields);
    const reason = this.#exchange.receive(request, text, {
      takeStatSN: () => this.statSN++,
      expCmdSN: 17,
      maxCmdSN: 42,
    });
    const octets = this.#script.outbox.drain().slice();
    this.#script.outbox.drained();
    if (reason !== undefined) {
      assert.equal(octets.length, 0, "a rejected request has no response");
      return reason;
    }
    const header = new TextResponse(octets);
    const data = octets.subarray(BHS_LENGTH, BHS_LENGTH + header.dataSegmentLength);
    assert.equal(octets.length, BHS_LENGTH + ((data.length + 3) & ~3));
    const answer = new TextDecoder().decode(data);
    return { header, text: answer, pairs: readPairs(answer) };
  }

  /** Sends keys in one request; they must be taken. */
  ask(keys: Keys, fields: Partial<View<typeof TextRequest.fields>> = {}): TextAnswer {
    const answer = this.send(fields, textOf(keys));
    assert.ok(typeof answer !== "number", `rejected with reason ${answer}`);
    return answer;
  }

  /** Everything there is to an answer that comes in several responses. */
  askAll(keys: Keys): { readonly text: string; readonly answers: readonly TextAnswer[] } {
    const answers = [this.ask(keys)];
    for (let last = answers[0]!; !last.header.final; answers.push(last)) {
      last = this.ask([], { targetTransferTag: last.header.targetTransferTag });
    }
    return { text: answers.map(({ text }) => text).join(""), answers };
  }
}

/** Two targets: one for everybody, one for the initiator only. */
function twoTargets(): TargetNode {
  const node = testNode();
  node.addTarget(testTarget({ name: SECOND, access: AccessList.of([`iqn:${INITIATOR}`]) }));
  node.portals.add({ address: "192.0.2.1", port: 3260, portalGroupTag: 1 });
  return node;
}

const ADDRESS = ["TargetAddress", "192.0.2.1:3260,1"] as const;
const FIRST_LISTED = [["TargetName", TARGET], ADDRESS];
const SECOND_LISTED = [["TargetName", SECOND], ADDRESS];

Deno.test("A80: SendTargets=All in a discovery session names every target the initiator may use", async () => {
  const script = await TextScript.open(twoTargets());
  assert.deepEqual(script.ask({ SendTargets: "All" }).pairs, [...FIRST_LISTED, ...SECOND_LISTED]);
});

Deno.test("A80 B-13: a stranger is told only of what it may log in to", async () => {
  const node = twoTargets();
  const stranger = { keys: { InitiatorName: STRANGER, SessionType: "Discovery" } };
  const script = await TextScript.open(node, stranger);
  assert.deepEqual(script.ask({ SendTargets: "All" }).pairs, FIRST_LISTED);
  assert.deepEqual(script.ask({ SendTargets: SECOND }).pairs, []);
  node.findTarget(TARGET)!.access = AccessList.of([]);
  assert.equal(script.ask({ SendTargets: "All" }).text, "");
});

Deno.test("A80: a name gives that target, a name that there is not gives nothing", async () => {
  for (const keys of [DISCOVERY, NORMAL]) {
    const script = await TextScript.open(twoTargets(), { keys });
    assert.deepEqual(script.ask({ SendTargets: SECOND }).pairs, SECOND_LISTED);
    assert.deepEqual(script.ask({ SendTargets: SECOND.toUpperCase() }).pairs, SECOND_LISTED);
    assert.deepEqual(script.ask({ SendTargets: "iqn.2026-01.org.example:no" }).pairs, []);
  }
});

Deno.test("A80: in a normal session an empty value means this target, and All tells nothing", async () => {
  const script = await TextScript.open(twoTargets(), { keys: NORMAL });
  assert.deepEqual(script.ask({ SendTargets: "" }).pairs, FIRST_LISTED);
  assert.deepEqual(script.ask({ SendTargets: "All" }).pairs, []);
});

Deno.test("A80: a value that is no name, and an empty one in discovery, is rejected", async () => {
  const script = await TextScript.open(twoTargets());
  for (const value of ["Alle", "A", "all", "", "iqn.", "*"]) {
    const reason = script.send({}, textOf({ SendTargets: value }));
    assert.equal(reason, RejectReason.PROTOCOL_ERROR, value);
  }
});

Deno.test("A81: the addresses are those by which this peer can reach the portals", async () => {
  const node = testNode();
  node.portals.add({ address: "0.0.0.0", port: 3260, portalGroupTag: 1 });
  node.portals.add({ address: "::", port: 3261, portalGroupTag: 2 });
  node.portals.add({ address: "2001:db8::5", port: 3262, portalGroupTag: 3 });
  node.portals.add({ address: "127.0.0.1", port: 3263, portalGroupTag: 4 });
  const first = { localPort: 3260, portalGroupTag: 1 };
  const second = { localPort: 3261, portalGroupTag: 2 };
  const cases = [
    [{ localAddress: "192.0.2.1", ...first }, [
      "192.0.2.1:3260,1",
      "192.0.2.1:3261,2",
      "[2001:db8::5]:3262,3",
    ]],
    [{ localAddress: "2001:DB8::9", ...second }, ["[2001:db8::9]:3261,2", "[2001:db8::5]:3262,3"]],
    [{ localAddress: "127.0.0.1", ...first }, [
      "127.0.0.1:3260,1",
      "127.0.0.1:3261,2",
      "[2001:db8::5]:3262,3",
      "127.0.0.1:3263,4",
    ]],
  ] as const;
  for (const [local, expected] of cases) {
    const script = await TextScript.open(node, { endpoint: { ...ENDPOINT, ...local } });
    const { pairs } = script.ask({ SendTargets: "All" });
    assert.deepEqual(pairs.slice(1).map(([, value]) => value), expected);
  }
});

Deno.test("A79: a long answer comes in pieces that the initiator asks for one by one", async () => {
  const node = testNode();
  node.portals.add({ address: "192.0.2.1", port: 3260, portalGroupTag: 1 });
  for (let i = 0; i < 500; i++) node.addTarget(testTarget({ name: `${TARGET}${i}` }));
  for (const longest of [512, 8192, 1 << 24]) {
    const script = await TextScript.open(node, { longest });
    const { answers, text } = script.askAll({ SendTargets: "All" });
    assert.equal(readPairs(text).length, 2 * 501);
    // One piece where that is possible: some initiators take no more.
    assert.equal(answers.length === 1, text.length <= longest);
    for (const [i, { header }] of answers.entries()) {
      const isLast = i === answers.length - 1;
      assert.ok(header.dataSegmentLength <= longest);
      assert.deepEqual([header.final, header.continue], [isLast, !isLast]);
      assert.equal(header.targetTransferTag === RESERVED_TAG, isLast);
      assert.equal(header.initiatorTaskTag, 5);
      assert.deepEqual([header.statSN, header.expCmdSN, header.maxCmdSN], [100 + i, 17, 42]);
    }
  }
});

Deno.test("A79: targets that come and go in the middle of an answer do not break it", async () => {
  const node = testNode();
  const targets = Array.from({ length: 300 }, (_, i) => testTarget({ name: `${TARGET}${i}` }));
  for (const target of targets) node.addTarget(target);
  const script = await TextScript.open(node);
  const first = script.ask({ SendTargets: "All" });
  for (const target of targets.slice(100, 200)) node.removeTarget(target);
  node.addTarget(testTarget({ name: SECOND }));
  let text = first.text;
  for (let last = first; !last.header.final; text += last.text) {
    last = script.ask([], { targetTransferTag: last.header.targetTransferTag });
  }
  const names = readPairs(text).filter(([key]) => key === "TargetName").map(([, name]) => name);
  assert.equal(names.at(-1), SECOND);
  assert.ok(names.length < 301);
});

Deno.test("A79: a new request takes the place of an exchange that was not ended", async () => {
  const node = testNode();
  for (let i = 0; i < 200; i++) node.addTarget(testTarget({ name: `${TARGET}${i}` }));
  const script = await TextScript.open(node);
  const old = script.ask({ SendTargets: "All" });
  assert.equal(old.header.final, false);
  const fresh = script.ask({ SendTargets: TARGET }, { initiatorTaskTag: 6 });
  assert.equal(fresh.header.final, true);
  const { targetTransferTag } = old.header;
  assert.equal(script.send({ targetTransferTag }), RejectReason.PROTOCOL_ERROR);
});

Deno.test("A79: a request with a tag that names no exchange is rejected, and the exchange goes on", async () => {
  const node = testNode();
  for (let i = 0; i < 200; i++) node.addTarget(testTarget({ name: `${TARGET}${i}` }));
  const script = await TextScript.open(node);
  const { targetTransferTag } = script.ask({ SendTargets: "All" }).header;
  const wrong = script.send({ targetTransferTag: targetTransferTag + 1 });
  assert.equal(wrong, RejectReason.PROTOCOL_ERROR);
  const foreign = script.send({ targetTransferTag, initiatorTaskTag: 9 });
  assert.equal(foreign, RejectReason.PROTOCOL_ERROR);
  assert.ok(script.ask([], { targetTransferTag }).pairs.length > 0);
});

Deno.test("A79: text in the middle of our answer, F with C, and a reserved tag are rejected", async () => {
  const node = testNode();
  for (let i = 0; i < 200; i++) node.addTarget(testTarget({ name: `${TARGET}${i}` }));
  const script = await TextScript.open(node);
  const { targetTransferTag } = script.ask({ SendTargets: "All" }).header;
  const more = script.send({ targetTransferTag }, textOf({ SendTargets: TARGET }));
  assert.equal(more, RejectReason.PROTOCOL_ERROR);
  assert.equal(script.send({ targetTransferTag }), RejectReason.PROTOCOL_ERROR);
  assert.equal(script.send({ continue: true }), RejectReason.PROTOCOL_ERROR);
  const reserved = script.send({ initiatorTaskTag: RESERVED_TAG });
  assert.equal(reserved, RejectReason.INVALID_PDU_FIELD);
  assert.deepEqual(script.ask({ SendTargets: TARGET }).pairs[0], ["TargetName", TARGET]);
});

Deno.test("A5 A79: a request cut anywhere over several PDUs is the request", async () => {
  const text = textOf({ SendTargets: "All", "X-com.example.q": "1" });
  const node = twoTargets();
  const expected = (await TextScript.open(node)).ask({
    SendTargets: "All",
    "X-com.example.q": "1",
  });
  const places = fc.array(fc.nat(text.length), { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(places, async (cuts) => {
    const script = await TextScript.open(node);
    let tag = RESERVED_TAG;
    let at = 0;
    for (const cut of cuts.toSorted((a, b) => a - b)) {
      const fields = { final: false, continue: true, targetTransferTag: tag };
      const answer = script.send(fields, text.subarray(at, cut));
      assert.ok(typeof answer !== "number");
      assert.deepEqual([answer.text, answer.header.final], ["", false]);
      tag = answer.header.targetTransferTag;
      at = cut;
    }
    const last = script.send({ targetTransferTag: tag }, text.subarray(at));
    assert.ok(typeof last !== "number");
    assert.deepEqual([last.text, last.header.final], [expected.text, true]);
  }));
});

Deno.test("A79: an exchange ends when both sides want it to", async () => {
  const script = await TextScript.open(twoTargets());
  const open = script.ask({ "X-a": "1" }, { final: false });
  assert.deepEqual([open.header.final, open.header.continue], [false, false]);
  assert.notEqual(open.header.targetTransferTag, RESERVED_TAG);
  const { targetTransferTag } = open.header;
  const end = script.ask({ SendTargets: TARGET }, { targetTransferTag });
  assert.deepEqual([end.header.final, end.header.targetTransferTag], [true, RESERVED_TAG]);
});

Deno.test("A79: what one exchange may bring is limited, in fragments and in whole texts", async () => {
  const node = testNode({ limit: { textLength: 10_000 } });
  for (const isFragment of [true, false]) {
    const script = await TextScript.open(node);
    let tag = RESERVED_TAG;
    let reason: number | undefined;
    for (let sent = 0; reason === undefined; sent += 2004) {
      assert.ok(sent <= 10_000, "more than the limit was taken");
      const fields = { final: false, continue: isFragment, targetTransferTag: tag };
      const item = textOf({ [`X${sent}`.padEnd(8, "x")]: "v".repeat(1994) });
      const answer = script.send(fields, item);
      if (typeof answer === "number") reason = answer;
      else tag = answer.header.targetTransferTag;
    }
    assert.equal(reason, RejectReason.PROTOCOL_ERROR);
    assert.deepEqual(script.ask({ SendTargets: TARGET }).pairs[0], ["TargetName", TARGET]);
  }
});

Deno.test("A26: an unknown key is answered NotUnderstood in full feature phase too", async () => {
  const script = await TextScript.open(testNode(), { keys: NORMAL });
  assert.deepEqual(script.ask({ SendTargetsPlease: "All" }).pairs, [
    ["SendTargetsPlease", "NotUnderstood"],
  ]);
});

Deno.test("A29: what login settled is answered Reject, and stays", async () => {
  const script = await TextScript.open(testNode(), { keys: NORMAL });
  const { pairs } = script.ask({ MaxBurstLength: "512", HeaderDigest: "CRC32C" });
  assert.deepEqual(pairs, [["MaxBurstLength", "Reject"], ["HeaderDigest", "Reject"]]);
});

Deno.test("A35: MaxRecvDataSegmentLength said anew holds when the exchange ends", async () => {
  const script = await TextScript.open(testNode(), { keys: NORMAL, longest: 65536 });
  const { header } = script.ask({ MaxRecvDataSegmentLength: "1024" }, { final: false });
  assert.equal(script.declared, undefined);
  script.ask([], { targetTransferTag: header.targetTransferTag });
  assert.equal(script.declared, 1024);
  const again = script.ask({ MaxRecvDataSegmentLength: "1024" });
  assert.equal(again.header.final, true);
});

Deno.test("A35: a request that is rejected changes nothing", async () => {
  const script = await TextScript.open(testNode(), { keys: NORMAL });
  const keys = { MaxRecvDataSegmentLength: "1024", SendTargets: "Alle" };
  assert.equal(script.send({}, textOf(keys)), RejectReason.PROTOCOL_ERROR);
  assert.equal(script.declared, undefined);
});

Deno.test("A37: text that is none is rejected", async () => {
  const script = await TextScript.open(testNode());
  for (const text of ["SendTargets=All", "SendTargets\0", "=All\0", "\0SendTargets=All\0"]) {
    const reason = script.send({}, new TextEncoder().encode(text));
    assert.equal(reason, RejectReason.PROTOCOL_ERROR, text);
  }
});
