import assert from "node:assert/strict";
import fc from "fast-check";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { LOGIN_DATA_LIMIT } from "../../../lib/target/login.ts";
import {
  type Answer,
  INITIATOR,
  LoginScript,
  NORMAL,
  readPairs,
  STRAIGHT,
  TARGET,
  testNode,
  textOf,
} from "../../support/login.ts";

const STAY = { currentStage: 1 };
const CONTINUE = { currentStage: 1, continue: true };

/** Sends empty requests for as long as the answer is not whole; gives all of its text. */
async function drain(script: LoginScript, first: Answer): Promise<string> {
  let text = first.text;
  for (let answer = first; answer.header.continue;) {
    answer = await script.send(STRAIGHT);
    assert.equal(answer.status, 0);
    assert.ok(answer.header.dataSegmentLength <= LOGIN_DATA_LIMIT);
    if (answer.header.continue) assert.equal(answer.header.transit, false);
    text += answer.text;
  }
  return text;
}

Deno.test("A5: both C and T in one request is refused with 020b", async () => {
  const script = new LoginScript(testNode());
  const answer = await script.send({ ...STRAIGHT, continue: true }, NORMAL);
  assert.equal(answer.status, LoginStatus.INVALID_DURING_LOGIN);
});

Deno.test("A5: a text cut anywhere is the text, and every fragment but the last has an empty answer", async () => {
  const text = textOf({ ...NORMAL, HeaderDigest: "CRC32C,None", InitiatorAlias: "Größe" });
  const whole = new LoginScript(testNode());
  const expected = await whole.sendText(STRAIGHT, text);
  for (let at = 0; at <= text.length; at++) {
    const script = new LoginScript(testNode());
    const empty = await script.sendText(CONTINUE, text.subarray(0, at));
    assert.equal(empty.text, "");
    assert.deepEqual([empty.status, empty.header.transit, empty.header.continue], [
      0,
      false,
      false,
    ]);
    const answer = await script.sendText(STRAIGHT, text.subarray(at));
    assert.equal(answer.text, expected.text);
    assert.equal(script.progress, "done");
    assert.equal(script.login.outcome!.session.initiatorAlias, "Größe");
  }
});

Deno.test("A5: cut at several random places it is the text too", async () => {
  const text = textOf({ ...NORMAL, DataDigest: "None", "X-com.example.test": "yes" });
  const expected = (await new LoginScript(testNode()).sendText(STRAIGHT, text)).text;
  const cuts = fc.array(fc.nat(text.length), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(cuts, async (places) => {
    const script = new LoginScript(testNode());
    let at = 0;
    for (const place of places.toSorted((a, b) => a - b)) {
      await script.sendText(CONTINUE, text.subarray(at, place));
      at = place;
    }
    assert.equal((await script.sendText(STRAIGHT, text.subarray(at))).text, expected);
  }));
});

Deno.test("A6: a text longer than the limit is refused with 0302, fragments and texts added up", async () => {
  const node = testNode({ limit: { textLength: 10_000 } });
  const fragment = new Uint8Array(6000).fill(0x61);
  const inFragments = new LoginScript(node);
  assert.equal((await inFragments.sendText(CONTINUE, fragment)).status, LoginStatus.SUCCESS);
  const over = await inFragments.sendText(CONTINUE, fragment);
  assert.equal(over.status, LoginStatus.OUT_OF_RESOURCES);
  assert.equal(inFragments.progress, "refused");

  const inTexts = new LoginScript(node);
  const long = (key: string) =>
    textOf({ [`X-${key}1`]: "v".repeat(3000), [`X-${key}2`]: "v".repeat(2900) });
  await inTexts.send(STAY, NORMAL);
  assert.equal((await inTexts.sendText(STAY, long("a"))).status, LoginStatus.SUCCESS);
  assert.equal((await inTexts.sendText(STAY, long("b"))).status, LoginStatus.INITIATOR_ERROR);
});

Deno.test("A6: more than 1024 keys in one login are refused, in however many texts", async () => {
  const keys = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`X${from + i}`, ""]));
  const whole = new LoginScript(testNode());
  assert.equal((await whole.send(STAY, { ...NORMAL, ...keys(0, 1022) })).status, 0);
  const over = await whole.send(STAY, { Y: "" });
  assert.equal(over.status, LoginStatus.INVALID_DURING_LOGIN); // the answer is not over
  const texts = new LoginScript(testNode());
  await texts.send(STAY, NORMAL);
  let status = 0;
  for (let i = 0; i < 20 && status === 0; i++) {
    const answer = await texts.send(STAY, keys(i * 100, 100));
    status = answer.status;
    if (status === 0) assert.ok(i < 11, "more than 1024 keys were taken");
  }
  assert.equal(status, LoginStatus.INITIATOR_ERROR);
});

Deno.test("A26: an unknown key is answered NotUnderstood, and the login goes on", async () => {
  const script = new LoginScript(testNode());
  const answer = await script.send(STRAIGHT, { ...NORMAL, "X-a": "1", Strange: "2" });
  assert.equal(answer.keys.get("X-a"), "NotUnderstood");
  assert.equal(answer.keys.get("Strange"), "NotUnderstood");
  assert.equal(script.progress, "done");
});

Deno.test("A27: a value that cannot be accepted is answered Reject, and the login ends with 0200", async () => {
  const script = new LoginScript(testNode());
  const answer = await script.send(STRAIGHT, { ...NORMAL, HeaderDigest: "MD5" });
  assert.equal(answer.status, LoginStatus.INITIATOR_ERROR);
  assert.equal(answer.text, "HeaderDigest=Reject\0");
  assert.equal(script.progress, "refused");
});

Deno.test("A38: keys that an object would inherit are keys like others", async () => {
  const script = new LoginScript(testNode());
  const inherited = [["constructor", "1"], ["__proto__", "2"]] as const;
  const answer = await script.send(STRAIGHT, [...Object.entries(NORMAL), ...inherited]);
  assert.equal(answer.keys.get("constructor"), "NotUnderstood");
  assert.equal(answer.keys.get("__proto__"), "NotUnderstood");
  assert.equal(script.progress, "done");
});

Deno.test("A41 B-05: an answer of more than 8192 octets is split, and nothing of it is lost", async () => {
  const strange = Array.from({ length: 1000 }, (_, i) => [`K${i}`, ""] as const);
  const script = new LoginScript(testNode());
  const keys = [...Object.entries(NORMAL), ...strange];
  const first = await script.send(STRAIGHT, keys);
  assert.equal(first.header.continue, true);
  assert.equal(first.header.transit, false);
  assert.ok(first.text.length <= LOGIN_DATA_LIMIT);
  assert.equal(script.progress, "more");
  const pairs = readPairs(await drain(script, first));
  assert.equal(script.progress, "done");
  const understood = pairs.filter(([, value]) => value !== "NotUnderstood");
  assert.deepEqual(understood.map(([key]) => key), [
    "MaxRecvDataSegmentLength",
    "TargetPortalGroupTag",
  ]);
  const unknown = pairs.filter(([, value]) => value === "NotUnderstood").map(([key]) => key);
  assert.deepEqual(unknown, strange.map(([key]) => key));
});

Deno.test("A41: a piece ends with a whole pair", async () => {
  const strange = Array.from({ length: 1000 }, (_, i) => [`K${i}`, ""] as const);
  const script = new LoginScript(testNode());
  const first = await script.send(STRAIGHT, [...Object.entries(NORMAL), ...strange]);
  assert.ok(first.text.endsWith("\0"));
  assert.ok(first.text.length > LOGIN_DATA_LIMIT - 64);
});

Deno.test("A41: a text in the middle of our answer is refused with 020b", async () => {
  const strange = Array.from({ length: 1000 }, (_, i) => [`K${i}`, ""] as const);
  for (const [fields, keys] of [[STAY, { More: "1" }], [CONTINUE, []]] as const) {
    const script = new LoginScript(testNode());
    await script.send(STRAIGHT, [...Object.entries(NORMAL), ...strange]);
    const answer = await script.send(fields, keys);
    assert.equal(answer.status, LoginStatus.INVALID_DURING_LOGIN);
  }
});

Deno.test("A4 A41: the last piece moves on only if its own request asks for it", async () => {
  const strange = Array.from({ length: 500 }, (_, i) => [`K${i}`, ""] as const);
  const script = new LoginScript(testNode());
  let answer = await script.send(STRAIGHT, [...Object.entries(NORMAL), ...strange]);
  while (answer.header.continue) answer = await script.send(STAY);
  assert.equal(answer.header.transit, false);
  assert.equal((await script.send(STRAIGHT)).header.transit, true);
  assert.equal(script.progress, "done");
});

Deno.test("B-05: 8188 octets of four-octet keys are refused without an answer that grows", async () => {
  const script = new LoginScript(testNode());
  const text = new TextEncoder().encode("a=b\0".repeat(2047));
  const answer = await script.sendText(STRAIGHT, text);
  assert.equal(answer.status, LoginStatus.INITIATOR_ERROR);
  assert.equal(answer.text, "");
});

Deno.test("B-05: a key name of 64 characters is refused, one of 63 is answered", async () => {
  for (const [length, status] of [[63, 0], [64, LoginStatus.INITIATOR_ERROR]] as const) {
    const script = new LoginScript(testNode());
    const answer = await script.send(STRAIGHT, { ...NORMAL, ["X".repeat(length)]: "1" });
    assert.equal(answer.status, status);
  }
});

Deno.test("B-06: a text of any length up to the limit without its last NUL is refused", async () => {
  for (let length = 8180; length <= LOGIN_DATA_LIMIT; length++) {
    const start = new TextDecoder().decode(textOf(NORMAL));
    const filled = start + "X-a=" + "v".repeat(3000) + "\0X-b=" + "v".repeat(3000) + "\0X-c=";
    const text = new TextEncoder().encode(filled.padEnd(length, "v"));
    const script = new LoginScript(testNode());
    assert.equal((await script.sendText(STRAIGHT, text)).status, LoginStatus.INITIATOR_ERROR);
    text[length - 1] = 0;
    const ended = new LoginScript(testNode());
    assert.equal((await ended.sendText(STRAIGHT, text)).status, LoginStatus.SUCCESS);
  }
});

Deno.test("B-06: a NUL in a key ends the item, and a semicolon in a value means nothing", async () => {
  const inKey = new LoginScript(testNode());
  const answer = await inKey.sendText(STRAIGHT, new TextEncoder().encode("Init\0iatorName=x\0"));
  assert.equal(answer.status, LoginStatus.INITIATOR_ERROR);
  const semicolon = new LoginScript(testNode());
  const alias = await semicolon.send(STRAIGHT, { ...NORMAL, InitiatorAlias: "a;TargetName=b" });
  assert.equal(alias.status, LoginStatus.SUCCESS);
  assert.equal(semicolon.login.outcome!.session.initiatorAlias, "a;TargetName=b");
});

Deno.test("A43: what a refused login negotiated leaves no trace in the next one", async () => {
  const node = testNode();
  const refused = new LoginScript(node);
  await refused.send(STAY, { ...NORMAL, MaxBurstLength: "512", HeaderDigest: "CRC32C" });
  await refused.send(STAY, { MaxBurstLength: "1024" });
  assert.equal(refused.progress, "refused");
  const next = new LoginScript(node);
  await next.send(STRAIGHT, NORMAL);
  const { session, parameters } = next.login.outcome!;
  assert.equal(session.parameters.maxBurstLength, 262144);
  assert.equal(parameters.headerDigest, false);
});

Deno.test("A87: DefaultTime2Wait is the initiator's, DefaultTime2Retain is zero", async () => {
  const script = new LoginScript(testNode());
  const answer = await script.send(STRAIGHT, {
    ...NORMAL,
    DefaultTime2Wait: "3",
    DefaultTime2Retain: "60",
    ErrorRecoveryLevel: "2",
  });
  assert.equal(answer.keys.get("DefaultTime2Wait"), "3");
  assert.equal(answer.keys.get("DefaultTime2Retain"), "0");
  assert.equal(answer.keys.get("ErrorRecoveryLevel"), "0");
});

Deno.test("Login: what the limits say is what is offered and agreed on", async () => {
  const limit = {
    maxRecvDataSegmentLength: 65536,
    maxBurstLength: 131072,
    firstBurstLength: 32768,
    maxOutstandingR2T: 4,
    connectionsOfSession: 2,
  };
  const script = new LoginScript(testNode({ limit }));
  const answer = await script.send(STRAIGHT, {
    InitiatorName: INITIATOR,
    TargetName: TARGET,
    MaxRecvDataSegmentLength: "16777215",
    MaxBurstLength: "16776192",
    FirstBurstLength: "262144",
    MaxOutstandingR2T: "16",
    MaxConnections: "8",
    InitialR2T: "No",
    ImmediateData: "Yes",
    HeaderDigest: "CRC32C,None",
    DataDigest: "None,CRC32C",
  });
  assert.equal(answer.keys.get("MaxRecvDataSegmentLength"), "65536");
  const { session, parameters } = script.login.outcome!;
  assert.deepEqual({ ...session.parameters }, {
    maxConnections: 2,
    initialR2T: false,
    immediateData: true,
    maxBurstLength: 131072,
    firstBurstLength: 32768,
    defaultTime2Wait: 2,
    defaultTime2Retain: 20,
    maxOutstandingR2T: 4,
    dataPDUInOrder: true,
    dataSequenceInOrder: true,
    errorRecoveryLevel: 0,
  });
  assert.deepEqual({ ...parameters }, {
    headerDigest: true,
    dataDigest: false,
    peerMaxRecvDataSegmentLength: 16777215,
    ownMaxRecvDataSegmentLength: 65536,
  });
});
