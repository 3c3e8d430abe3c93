import assert from "node:assert/strict";
import { CHAP_ALGORITHMS, MD5_ALONE } from "../../../lib/iscsi/chap/algorithm.ts";
import {
  InitiatorChapExchange,
  type InitiatorChapOptions,
} from "../../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import type { TargetChapOptions } from "../../../lib/iscsi/chap/target_exchange.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { systemRandom } from "../../../lib/runtime/random.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import { chapAuthentication } from "../../../lib/target/chap_authentication.ts";
import { ALICE, chapLogin, newIssuer, SERVER, spell, SPELLINGS } from "../../support/chap.ts";
import {
  DISCOVERY,
  LoginScript,
  NORMAL,
  readPairs,
  STRAIGHT,
  TARGET,
  testNode,
} from "../../support/login.ts";

const FAILED = LoginStatus.AUTHENTICATION_FAILURE;
const WRONG = new ChapSecret("a word of nobody");
const SECURITY = { currentStage: 0 };
const MOVE_ON = { transit: true, currentStage: 0, nextStage: 1 };

/** A node whose target and discovery ask for CHAP. */
function guarded(options: Partial<TargetChapOptions> = {}) {
  const node = testNode({ random: systemRandom });
  const policy = chapAuthentication({ initiator: ALICE, issuer: node.challenges, ...options });
  node.findTarget(TARGET)!.authentication = policy;
  node.discoveryAuthentication = policy;
  return node;
}

function alice(options: Partial<InitiatorChapOptions> = {}): InitiatorChapExchange {
  return new InitiatorChapExchange({ initiator: ALICE, issuer: newIssuer(), ...options });
}

/** Begins a login and lets itself be challenged; answers the challenge's keys. */
async function challenged(script: LoginScript, offer = "8,7,6,5") {
  await script.send(SECURITY, { ...NORMAL, AuthMethod: "CHAP" });
  const { keys } = await script.send(SECURITY, { CHAP_A: offer });
  return new Map([...keys].filter(([key]) => key.startsWith("CHAP_")));
}

/** Alice's true answer to a challenge. */
function answerTo(keys: ReadonlyMap<string, string>): Record<string, string> {
  const exchange = alice();
  exchange.receive([["AuthMethod", "CHAP"]]);
  const answer = exchange.receive([...keys]);
  assert(Array.isArray(answer));
  return Object.fromEntries(answer);
}

Deno.test("CHAP: 64 logins of each algorithm, spelling, direction, session type and validity", async () => {
  let count = 0;
  for (const algorithm of CHAP_ALGORITHMS) {
    for (const spelling of ["0x", "0b"] as const) {
      for (const isMutual of [false, true]) {
        for (const keys of [NORMAL, DISCOVERY]) {
          for (const isValid of [false, true]) {
            const script = new LoginScript(guarded(isMutual ? { target: SERVER } : {}));
            const secret = isValid ? ALICE.secret : WRONG;
            const exchange = alice({
              algorithms: [algorithm],
              initiator: { ...ALICE, secret },
              target: isMutual ? SERVER : undefined,
            });
            const { answer, fault } = await chapLogin(script, exchange, { keys, spelling });
            assert.equal(fault, undefined);
            assert.equal(answer.status, isValid ? LoginStatus.SUCCESS : FAILED);
            assert.equal(script.progress, isValid ? "done" : "refused");
            count++;
          }
        }
      }
    }
  }
  assert.equal(count, 64);
});

Deno.test("B-01: a recorded login is refused when it is played again", async () => {
  const node = guarded();
  const recorded: Record<string, string>[] = [];
  const first = new LoginScript(node);
  recorded.push(answerTo(await challenged(first)));
  assert.equal((await first.send(MOVE_ON, recorded[0]!)).status, LoginStatus.SUCCESS);
  for (let i = 0; i < 50; i++) {
    const script = new LoginScript(node);
    await challenged(script);
    const { status } = await script.send(MOVE_ON, recorded[0]!);
    assert.equal(status, FAILED);
  }
});

Deno.test("B-01: 1,000 logins after 50 starts are given 1,000 challenges", async () => {
  const challenges = new Set<string>();
  for (let start = 0; start < 50; start++) {
    const node = guarded();
    for (let i = 0; i < 20; i++) {
      const keys = await challenged(new LoginScript(node));
      assert(keys.get("CHAP_C")!.length >= 2 + 2 * 16);
      challenges.add(keys.get("CHAP_C")!);
    }
  }
  assert.equal(challenges.size, 1000);
});

Deno.test("B-02 B-04: responses and challenges of any other length end in 0201, in each spelling", async () => {
  const lengths = [0, 1, 15, 17, 64, 1023, 1024, 1025];
  for (const spelling of SPELLINGS) {
    for (const length of lengths) {
      const octets = systemRandom.fill(new Uint8Array(length));
      const script = new LoginScript(guarded());
      await challenged(script, "5");
      const answer = { CHAP_N: ALICE.user, CHAP_R: spell(octets, spelling) };
      assert.equal((await script.send(MOVE_ON, answer)).status, FAILED, `R ${length} ${spelling}`);

      const mutual = new LoginScript(guarded({ target: SERVER }));
      const proof = answerTo(await challenged(mutual));
      const asked = { ...proof, CHAP_I: "7", CHAP_C: spell(octets, spelling) };
      const { status } = await mutual.send(MOVE_ON, asked);
      const isRead = length >= 1 && length <= 1024;
      assert.equal(status, isRead ? LoginStatus.SUCCESS : FAILED, `C ${length} ${spelling}`);
    }
  }
});

Deno.test("B-02: what is no binary value ends in 0201", async () => {
  const values = ["", "0x", "0b", "0x5a5", "0xzz", "0bAAA", "0b====", "0bAA=A", "5a5a", "Reject"];
  for (const value of values) {
    const script = new LoginScript(guarded());
    await challenged(script, "5");
    const { status } = await script.send(MOVE_ON, { CHAP_N: ALICE.user, CHAP_R: value });
    assert.equal(status, FAILED, value);
  }
});

Deno.test("B-03: a login that leaves out CHAP is refused with 0201, however it begins", async () => {
  const ways = [
    { currentStage: 1 },
    STRAIGHT,
    { transit: true, currentStage: 0, nextStage: 3 },
    { transit: true, currentStage: 0, nextStage: 1 },
  ];
  for (const keys of [NORMAL, DISCOVERY]) {
    for (const fields of ways) {
      const script = new LoginScript(guarded());
      assert.equal((await script.send(fields, keys)).status, FAILED);
      assert.equal(script.progress, "refused");
    }
  }
});

Deno.test("B-09: a reflected challenge is refused with 0201, in parallel and in series", async () => {
  const node = guarded({ target: SERVER });
  const parallel = await challenged(new LoginScript(node));
  const ended = new LoginScript(node);
  const series = await challenged(ended);
  await ended.send(MOVE_ON, { ...answerTo(series), CHAP_I: "1", CHAP_C: "0x0102" });
  for (const reflected of [parallel, series, undefined]) {
    const script = new LoginScript(node);
    const asked = await challenged(script);
    const { CHAP_I, CHAP_C } = Object.fromEntries(reflected ?? asked);
    const keys = { ...answerTo(asked), CHAP_I: CHAP_I!, CHAP_C: CHAP_C! };
    assert.equal((await script.send(MOVE_ON, keys)).status, FAILED);
    assert.match(node.logger.lines.at(-1)!.facts["reason"] as string, /reflects a challenge/);
  }
  const honest = await chapLogin(new LoginScript(node), alice({ target: SERVER }));
  assert.equal(honest.answer.status, LoginStatus.SUCCESS);
});

Deno.test("B-09: a node set up with one secret for both directions lets nobody in", async () => {
  const twin = { user: "server", secret: new ChapSecret(ALICE.secret.reveal().text) };
  const node = guarded({ target: twin });
  const script = new LoginScript(node);
  await script.send(SECURITY, { ...NORMAL, AuthMethod: "CHAP" });
  assert.equal((await script.send(SECURITY, { CHAP_A: "5" })).status, FAILED);
});

Deno.test("B-10: an unknown name, a wrong secret and both get the same answer", async () => {
  const answers = new Set<string>();
  for (const user of [ALICE.user, "nobody", "", "x".repeat(255)]) {
    for (const secret of [ALICE.secret, WRONG]) {
      if (user === ALICE.user && secret === ALICE.secret) continue;
      const script = new LoginScript(guarded());
      const { answer } = await chapLogin(script, alice({ initiator: { user, secret } }));
      answers.add(`${answer.status} ${answer.text}`);
    }
  }
  assert.deepEqual([...answers], [`${FAILED} `]);
});

Deno.test("B-10: a target that does not exist and one for others have the same status", async () => {
  const node = guarded();
  const absent = await new LoginScript(node).send(SECURITY, {
    ...NORMAL,
    TargetName: `${TARGET}-x`,
    AuthMethod: "CHAP",
  });
  node.findTarget(TARGET)!.access = AccessList.of([]);
  const forbidden = await new LoginScript(node).send(SECURITY, { ...NORMAL, AuthMethod: "CHAP" });
  assert.equal(absent.status, LoginStatus.NOT_FOUND);
  assert.equal(forbidden.status, absent.status);
});

Deno.test("B-11: the strongest algorithm of the offer is used, whatever its order", async () => {
  for (const [offer, chosen] of [["5,6,7,8", "8"], ["5,7", "7"], ["6,5", "6"], ["5", "5"]]) {
    const keys = await challenged(new LoginScript(guarded()), offer);
    assert.equal(keys.get("CHAP_A"), chosen);
  }
});

Deno.test("B-12: where CHAP is asked for, None and weak algorithms do not come instead", async () => {
  for (const offer of ["None", "KRB5", "SRP,None", "chap", ""]) {
    const script = new LoginScript(guarded());
    const { status } = await script.send(SECURITY, { ...NORMAL, AuthMethod: offer });
    assert.equal(status, FAILED, offer);
  }
  const both = await new LoginScript(guarded()).send(SECURITY, {
    ...NORMAL,
    AuthMethod: "None,CHAP",
  });
  assert.equal(both.keys.get("AuthMethod"), "CHAP");
  const strict = new LoginScript(guarded({ algorithms: CHAP_ALGORITHMS.slice(0, 2) }));
  const weak = await chapLogin(strict, alice({ algorithms: MD5_ALONE }));
  assert.equal(weak.answer.status, FAILED);
});

Deno.test("B-12: CHAP once begun is not left for None, nor begun anew", async () => {
  for (const again of ["None", "CHAP"]) {
    const script = new LoginScript(guarded());
    await challenged(script);
    const { status } = await script.send(MOVE_ON, { AuthMethod: again });
    assert.equal(status >> 8, 2);
    assert.equal(script.progress, "refused");
  }
});

Deno.test("B-12: who does not ask a target to prove itself that is to is refused with 0201", async () => {
  const unasked = await chapLogin(new LoginScript(guarded({ target: SERVER })), alice());
  assert.equal(unasked.answer.status, FAILED);
  const unable = await chapLogin(new LoginScript(guarded()), alice({ target: SERVER }));
  assert.equal(unable.answer.status, FAILED);
});

Deno.test("B-14: a stranger who knows all names does not disturb a session in 10,000 tries", async () => {
  const node = guarded();
  const owner = new LoginScript(node);
  await chapLogin(owner, alice());
  const { session } = owner.login.outcome!;
  for (let i = 0; i < 10_000; i++) {
    const script = new LoginScript(node);
    const way = i % 4;
    if (way === 0) await script.send(STRAIGHT, NORMAL);
    else if (way === 1) await script.send(MOVE_ON, { ...NORMAL, AuthMethod: "None" });
    else if (way === 2) {
      await challenged(script, "5");
      await script.send(MOVE_ON, { CHAP_N: ALICE.user, CHAP_R: `0x${"00".repeat(16)}` });
    } else {
      await challenged(script, "5");
      await script.send({ transit: true, currentStage: 0, nextStage: 3 });
    }
    assert.equal(script.progress, "refused");
  }
  assert.equal(session.isEnding, false);
  assert.deepEqual([...node.sessions.values()], [session]);
  const again = new LoginScript(node);
  await chapLogin(again, alice());
  assert.equal(again.progress, "done");
  assert.equal(session.isEnding, true);
});

Deno.test("CHAP: what is asked for anew while a login is under way holds for it already", async () => {
  const node = guarded();
  const script = new LoginScript(node);
  const keys = await challenged(script);
  const moved = await script.send(MOVE_ON, answerTo(keys));
  assert.equal(moved.status, LoginStatus.SUCCESS);
  const initiator = { user: ALICE.user, secret: new ChapSecret("another word now") };
  const issuer = node.challenges;
  node.findTarget(TARGET)!.authentication = chapAuthentication({ initiator, issuer });
  assert.equal((await script.send(STRAIGHT)).status, FAILED);
  assert.equal([...node.sessions.values()].length, 0);
});

Deno.test("CHAP: its keys may come in pieces, and never tell the secret to a log", async () => {
  const node = guarded({ target: SERVER });
  const script = new LoginScript(node);
  const keys = await challenged(script);
  const text = Object.entries({ ...answerTo(keys), CHAP_I: "1", CHAP_C: `0x${"5a".repeat(1024)}` })
    .map(([key, value]) => `${key}=${value}\0`).join("");
  const octets = new TextEncoder().encode(text);
  for (let at = 0; at < octets.length - 100; at += 100) {
    await script.sendText({ currentStage: 0, continue: true }, octets.subarray(at, at + 100));
  }
  const rest = octets.subarray(Math.floor((octets.length - 1) / 100) * 100);
  const answer = await script.sendText(MOVE_ON, rest);
  assert.equal(answer.status, LoginStatus.SUCCESS);
  assert.deepEqual(readPairs(answer.text).map(([key]) => key).slice(0, 2), ["CHAP_N", "CHAP_R"]);
  const wrong = new LoginScript(node);
  await chapLogin(wrong, alice({ initiator: { ...ALICE, secret: WRONG } }));
  const log = JSON.stringify(node.logger.lines);
  for (const { secret } of [ALICE, SERVER]) assert(!log.includes(secret.reveal().text));
  assert(log.includes("its secret is wrong"));
});
