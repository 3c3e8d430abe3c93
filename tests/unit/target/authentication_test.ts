import assert from "node:assert/strict";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { type AuthenticationMethod, NONE } from "../../../lib/target/authentication.ts";
import { LoginRefusal } from "../../../lib/target/login_refusal.ts";
import { LoginScript, NORMAL, STRAIGHT, TARGET, testNode } from "../../support/login.ts";

const OPENING = { currentStage: 0 };
const TO_OPERATIONAL = { transit: true, currentStage: 0, nextStage: 1 };
const TO_FULL_FEATURE = { transit: true, currentStage: 0, nextStage: 3 };

/** Asks for the word behind `CHAP_N=`, in one question and one answer. */
const PASSWORD: AuthenticationMethod = {
  name: "CHAP",
  begin() {
    let identity: string | undefined;
    return {
      get isComplete() {
        return identity !== undefined;
      },
      get identity() {
        return identity;
      },
      receive(pairs) {
        const keys = new Map(pairs);
        if (keys.has("CHAP_A")) return [["CHAP_C", "what is the word?"]];
        const name = keys.get("CHAP_N");
        if (name !== undefined && keys.get("CHAP_R") === "the word") {
          identity = name;
          return [];
        }
        return new LoginRefusal(LoginStatus.AUTHENTICATION_FAILURE, "the word is wrong");
      },
    };
  },
};

function guarded(...methods: AuthenticationMethod[]) {
  return testNode({
    target: { authentication: { methods: () => methods } },
    discoveryAuthentication: { methods: () => methods },
  });
}

/** Logs in with the word, as far as it goes. */
async function prove(script: LoginScript, user: string, word: string) {
  await script.send(OPENING, { ...NORMAL, AuthMethod: "CHAP,None" });
  await script.send(OPENING, { CHAP_A: "5" });
  return await script.send(TO_OPERATIONAL, { CHAP_N: user, CHAP_R: word });
}

Deno.test("A7 B-03: where a proof is required, a login that leaves out the security stage is refused with 0201", async () => {
  for (const keys of [NORMAL, { ...NORMAL, SessionType: "Discovery" }]) {
    for (const fields of [STRAIGHT, { currentStage: 1 }, TO_FULL_FEATURE, TO_OPERATIONAL]) {
      const script = new LoginScript(guarded(PASSWORD));
      const answer = await script.send(fields, keys);
      assert.equal(answer.status, LoginStatus.AUTHENTICATION_FAILURE);
      assert.equal(script.progress, "refused");
    }
  }
});

Deno.test("A8: the security stage is left only when the proof is complete", async () => {
  const script = new LoginScript(guarded(PASSWORD));
  const first = await script.send(TO_OPERATIONAL, { ...NORMAL, AuthMethod: "CHAP" });
  assert.equal(first.keys.get("AuthMethod"), "CHAP");
  assert.equal(first.header.transit, false);
  const asked = await script.send(TO_FULL_FEATURE, { CHAP_A: "5" });
  assert.equal(asked.keys.get("CHAP_C"), "what is the word?");
  assert.equal(asked.header.transit, false);
  const hasty = await script.send(TO_OPERATIONAL);
  assert.equal(hasty.status, LoginStatus.AUTHENTICATION_FAILURE);
  assert.equal(script.progress, "refused");
});

Deno.test("A8: a proof that is given opens the way, a wrong one closes the login with 0201", async () => {
  const right = new LoginScript(guarded(PASSWORD));
  const answer = await prove(right, "alice", "the word");
  assert.equal(answer.header.transit, true);
  await right.send(STRAIGHT);
  assert.equal(right.progress, "done");

  const wrong = new LoginScript(guarded(PASSWORD));
  const refused = await prove(wrong, "alice", "a word");
  assert.equal(refused.status, LoginStatus.AUTHENTICATION_FAILURE);
  assert.equal(wrong.progress, "refused");
});

Deno.test("A42 B-12: None is answered only where the policy says so, and never instead of another", async () => {
  const cases = [
    [[NONE], "CHAP,None", "None"],
    [[NONE], "None", "None"],
    [[PASSWORD], "CHAP,None", "CHAP"],
    [[PASSWORD], "None", undefined],
    [[PASSWORD], "KRB5,SRP", undefined],
    [[PASSWORD, NONE], "None,CHAP", "None"],
    [[NONE], "CHAP", undefined],
  ] as const;
  for (const [methods, offer, answer] of cases) {
    const script = new LoginScript(guarded(...methods));
    const { status, keys } = await script.send(OPENING, { ...NORMAL, AuthMethod: offer });
    if (answer === undefined) assert.equal(status, LoginStatus.AUTHENTICATION_FAILURE);
    else assert.deepEqual([status, keys.get("AuthMethod")], [0, answer]);
  }
});

Deno.test("A42: without AuthMethod the security stage is passed where nothing is asked for", async () => {
  const script = new LoginScript(guarded(NONE));
  await script.send(TO_FULL_FEATURE, NORMAL);
  assert.equal(script.progress, "done");
});

Deno.test("A8: who began a proof cannot go on without it, even where None would do", async () => {
  const script = new LoginScript(guarded(PASSWORD, NONE));
  await script.send(OPENING, { ...NORMAL, AuthMethod: "CHAP" });
  const answer = await script.send(TO_FULL_FEATURE);
  assert.equal(answer.status, LoginStatus.AUTHENTICATION_FAILURE);
});

Deno.test("Authentication: CHAP keys without a method agreed on are refused with 0200", async () => {
  for (const methods of [[NONE], [PASSWORD]]) {
    const script = new LoginScript(guarded(...methods));
    const answer = await script.send(OPENING, { ...NORMAL, CHAP_A: "5" });
    assert.equal(answer.status, LoginStatus.INITIATOR_ERROR);
  }
});

Deno.test("Authentication: who is not authenticated is told no alias", async () => {
  const authentication = { methods: () => [PASSWORD] };
  const script = new LoginScript(testNode({ target: { authentication, alias: "Payroll" } }));
  const first = await script.send(OPENING, { ...NORMAL, AuthMethod: "CHAP" });
  assert.equal(first.keys.has("TargetAlias"), false);
  await script.send(OPENING, { CHAP_A: "5" });
  const proved = await script.send(TO_OPERATIONAL, { CHAP_N: "alice", CHAP_R: "the word" });
  assert.equal(proved.keys.get("TargetAlias"), "Payroll");
});

Deno.test("A19 B-14: a session is reinstated only by the identity that began it", async () => {
  const node = guarded(PASSWORD);
  const alice = new LoginScript(node);
  await prove(alice, "alice", "the word");
  await alice.send(STRAIGHT);
  const { session } = alice.login.outcome!;

  const stranger = new LoginScript(node);
  const opening = await stranger.send(STRAIGHT, NORMAL);
  assert.equal(opening.status, LoginStatus.AUTHENTICATION_FAILURE);
  const bob = new LoginScript(node);
  await prove(bob, "bob", "the word");
  assert.equal((await bob.send(STRAIGHT)).status, LoginStatus.AUTHENTICATION_FAILURE);
  assert.equal(session.isEnding, false);

  const again = new LoginScript(node);
  await prove(again, "alice", "the word");
  await again.send(STRAIGHT);
  assert.equal(again.progress, "done");
  assert.equal(session.isEnding, true);
  assert.deepEqual([...node.sessions.values()], [again.login.outcome!.session]);
});

Deno.test("A19: a session from before a proof was required gives way to one who gives it", async () => {
  const node = testNode();
  const before = new LoginScript(node);
  await before.send(STRAIGHT, NORMAL);
  node.findTarget(TARGET)!.authentication = { methods: () => [PASSWORD] };
  const after = new LoginScript(node);
  await prove(after, "alice", "the word");
  await after.send(STRAIGHT);
  assert.equal(after.progress, "done");
  assert.equal(before.login.outcome!.session.isEnding, true);
});
