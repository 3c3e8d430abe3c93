import assert from "node:assert/strict";
import { CHAP_ALGORITHMS, offerAlgorithms } from "../../../../lib/iscsi/chap/algorithm.ts";
import { ChapFault } from "../../../../lib/iscsi/chap/fault.ts";
import {
  InitiatorChapExchange,
  type InitiatorChapOptions,
} from "../../../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../../../lib/iscsi/chap/secret.ts";
import {
  TargetChapExchange,
  type TargetChapOptions,
} from "../../../../lib/iscsi/chap/target_exchange.ts";
import type { Pair } from "../../../../lib/wire/key_values.ts";
import {
  ALICE,
  newIssuer,
  respell,
  SERVER,
  spell,
  type Spelling,
  SPELLINGS,
} from "../../../support/chap.ts";

const WRONG = new ChapSecret("a word of nobody");

function initiatorSide(options: Partial<InitiatorChapOptions> = {}): InitiatorChapExchange {
  return new InitiatorChapExchange({ initiator: ALICE, issuer: newIssuer(), ...options });
}

function targetSide(options: Partial<TargetChapOptions> = {}): TargetChapExchange {
  return new TargetChapExchange({ initiator: ALICE, issuer: newIssuer(), ...options });
}

/** Lets two sides talk until one gives up or both are done; answers who gave up, and why. */
function converse(
  initiator: InitiatorChapExchange,
  target: TargetChapExchange,
  spelling: Spelling = "0x",
): { readonly by: "initiator" | "target"; readonly reason: string } | undefined {
  let said: readonly Pair[] = [["AuthMethod", "CHAP"]];
  for (let turn = 0; turn < 4; turn++) {
    const asked = initiator.receive(respell(said, spelling));
    if (asked instanceof ChapFault) return { by: "initiator", reason: asked.reason };
    if (asked.length === 0) break;
    const answer = target.receive(respell(asked, spelling));
    if (answer instanceof ChapFault) return { by: "target", reason: answer.reason };
    said = answer;
    if (target.isComplete && said.length === 0) break;
  }
  return undefined;
}

/** A target that has challenged, with what it said. */
function challenged(options: Partial<TargetChapOptions> = {}) {
  const target = targetSide(options);
  const keys = target.receive([["CHAP_A", offerAlgorithms(CHAP_ALGORITHMS)]]);
  assert(!(keys instanceof ChapFault));
  return { target, keys: new Map(keys) };
}

function reasonOf(outcome: unknown): string {
  assert(outcome instanceof ChapFault);
  return outcome.reason;
}

Deno.test("CHAP: 64 combinations of algorithm, spelling, direction and validity", () => {
  let count = 0;
  for (const algorithm of CHAP_ALGORITHMS) {
    for (const spelling of ["0x", "0b"] as const) {
      for (const isMutual of [false, true]) {
        for (const isValid of [false, true]) {
          for (const restricted of ["initiator", "target"] as const) {
            const algorithms = [algorithm];
            const proof = isMutual ? { target: SERVER } : {};
            // What is wrong in a mutual exchange is the target's secret, else the initiator's.
            const initiator = initiatorSide({
              ...proof,
              ...(restricted === "initiator" ? { algorithms } : {}),
              ...(isValid || isMutual ? {} : { initiator: { ...ALICE, secret: WRONG } }),
              ...(isMutual && !isValid ? { target: { ...SERVER, secret: WRONG } } : {}),
            });
            const target = targetSide({
              ...proof,
              ...(restricted === "target" ? { algorithms } : {}),
            });
            const failure = converse(initiator, target, spelling);
            assert.equal(failure?.by, isValid ? undefined : isMutual ? "initiator" : "target");
            assert.equal(initiator.isComplete && target.isComplete, isValid);
            count++;
          }
        }
      }
    }
  }
  assert.equal(count, 64);
});

Deno.test("B-04: each prefix is read in either case", () => {
  for (const spelling of SPELLINGS) {
    const failure = converse(
      initiatorSide({ target: SERVER }),
      targetSide({ target: SERVER }),
      spelling,
    );
    assert.equal(failure, undefined, spelling);
  }
});

Deno.test("B-02 B-04: a response of another length is refused in both encodings, before it is decoded", () => {
  for (const algorithm of CHAP_ALGORITHMS) {
    for (const length of [0, 1, 15, 17, 19, 21, 31, 33, 63, 64, 79, 1023, 1024, 1025, 4096]) {
      if (length === algorithm.digestLength) continue;
      for (const spelling of SPELLINGS) {
        const { target } = challenged({ algorithms: [algorithm] });
        const value = spell(new Uint8Array(length).fill(0x41), spelling);
        const reason = reasonOf(target.receive([["CHAP_N", "alice"], ["CHAP_R", value]]));
        assert.match(reason, /^CHAP_R is not/);
        assert(!target.isComplete);
      }
    }
  }
});

Deno.test("B-02 B-04: a challenge of 1 to 1024 octets is answered, any other refused", () => {
  for (
    const [length, isRead] of [
      [0, false],
      [1, true],
      [15, true],
      [1023, true],
      [1024, true],
      [1025, false],
      [4096, false],
    ] as const
  ) {
    for (const spelling of SPELLINGS) {
      const initiator = initiatorSide();
      initiator.receive([["AuthMethod", "CHAP"]]);
      const challenge = spell(new Uint8Array(length), spelling);
      const answer = initiator.receive([["CHAP_A", "5"], ["CHAP_I", "1"], ["CHAP_C", challenge]]);
      assert.equal(!(answer instanceof ChapFault), isRead, `${length} as ${spelling}`);
    }
  }
});

Deno.test("B-02: what is no binary value, and no identifier, is refused", () => {
  const values = ["", "0x", "0b", "5a5a", "0x5", "0xzz", "0bAAA", "0b====", "0bA A=", "Reject"];
  for (const value of values) {
    const { target } = challenged();
    assert.match(
      reasonOf(target.receive([["CHAP_N", "alice"], ["CHAP_R", value]])),
      /^CHAP_R is not/,
    );
  }
  for (const identifier of ["", "256", "-1", "1.5", "0x100", "99999999999999999999", "one"]) {
    const initiator = initiatorSide();
    initiator.receive([["AuthMethod", "CHAP"]]);
    const keys: Pair[] = [["CHAP_A", "5"], ["CHAP_I", identifier], ["CHAP_C", "0x00"]];
    assert.match(reasonOf(initiator.receive(keys)), /^CHAP_I is not/);
  }
});

Deno.test("B-01: the answer of one exchange is worth nothing in the next", () => {
  const issuer = newIssuer();
  const initiator = initiatorSide();
  initiator.receive([["AuthMethod", "CHAP"]]);
  const first = challenged({ issuer });
  const recorded = initiator.receive([...first.keys]);
  assert(!(recorded instanceof ChapFault));
  assert(!(first.target.receive(recorded) instanceof ChapFault));
  const second = challenged({ issuer });
  assert.equal(reasonOf(second.target.receive(recorded)), "its secret is wrong");
});

/** An initiator's true answer to what a target asked. */
function answerTo(asked: ReadonlyMap<string, string>): readonly Pair[] {
  const initiator = initiatorSide();
  initiator.receive([["AuthMethod", "CHAP"]]);
  const answer = initiator.receive([...asked]);
  assert(!(answer instanceof ChapFault));
  return answer;
}

Deno.test("B-09: a target answers no challenge that its node ever issued, on any connection", () => {
  const issuer = newIssuer();
  const ended = challenged({ issuer });
  ended.target.receive(answerTo(ended.keys));
  const outstanding = challenged({ issuer, initiator: SERVER, target: ALICE });
  for (const other of [ended, outstanding, undefined]) {
    const { target, keys } = challenged({ issuer, target: SERVER });
    const reflected = [...(other?.keys ?? keys)].filter(([key]) => key !== "CHAP_A");
    const outcome = target.receive([...answerTo(keys), ...reflected]);
    assert.equal(reasonOf(outcome), "it reflects a challenge of ours");
    assert(!target.isComplete);
  }
});

Deno.test("B-09: an initiator answers no challenge that its node ever issued", () => {
  const issuer = newIssuer();
  const first = initiatorSide({ issuer, target: SERVER });
  first.receive([["AuthMethod", "CHAP"]]);
  const asked = first.receive([["CHAP_A", "7"], ["CHAP_I", "9"], ["CHAP_C", "0x0102"]]);
  assert(!(asked instanceof ChapFault));
  const challenge = asked.filter(([key]) => key === "CHAP_I" || key === "CHAP_C");
  const second = initiatorSide({ issuer, target: SERVER });
  second.receive([["AuthMethod", "CHAP"]]);
  const outcome = second.receive([["CHAP_A", "7"], ...challenge]);
  assert.equal(reasonOf(outcome), "it reflects a challenge of ours");
});

Deno.test("B-09: neither side begins where both directions have the same secret", () => {
  const twin = { user: "server", secret: new ChapSecret(ALICE.secret.reveal().text) };
  const initiator = initiatorSide({ target: twin });
  assert.match(reasonOf(initiator.receive([["AuthMethod", "CHAP"]])), /same secret/);
  const target = targetSide({ target: twin });
  assert.match(reasonOf(target.receive([["CHAP_A", "5"]])), /same secret/);
});

Deno.test("B-12: an initiator stops where the target leaves CHAP out or chooses another method", () => {
  const answers: readonly (readonly Pair[])[] = [
    [],
    [["AuthMethod", "None"]],
    [["AuthMethod", "Reject"]],
    [["AuthMethod", "NotUnderstood"]],
    [["AuthMethod", "KRB5"]],
    [["AuthMethod", "CHAP,None"]],
    [["AuthMethod", "chap"]],
    [["CHAP_A", "5"], ["CHAP_I", "1"], ["CHAP_C", "0x00"]],
  ];
  for (const pairs of answers) {
    const initiator = initiatorSide();
    assert(initiator.receive(pairs) instanceof ChapFault, JSON.stringify(pairs));
    assert(!initiator.isComplete);
  }
});

Deno.test("B-12: an initiator takes no algorithm that it did not offer, and no list", () => {
  for (const chosen of ["5", "6", "5,7", "7,7", "9", "", "Reject"]) {
    const initiator = initiatorSide({ algorithms: CHAP_ALGORITHMS.slice(0, 2) });
    initiator.receive([["AuthMethod", "CHAP"]]);
    const keys: Pair[] = [["CHAP_A", chosen], ["CHAP_I", "1"], ["CHAP_C", "0x00"]];
    assert.match(reasonOf(initiator.receive(keys)), /was not offered$/);
  }
});

Deno.test("B-12: a target that was to prove itself and does not is not taken for proved", () => {
  const replies: readonly (readonly Pair[])[] = [
    [],
    [["CHAP_N", "server"]],
    [["CHAP_R", "0x00"]],
    [["CHAP_N", "server"], ["CHAP_R", "0x00"]],
    [["CHAP_N", "server"], ["CHAP_R", "Reject"]],
  ];
  for (const reply of replies) {
    const initiator = initiatorSide({ target: SERVER });
    initiator.receive([["AuthMethod", "CHAP"]]);
    initiator.receive([["CHAP_A", "5"], ["CHAP_I", "1"], ["CHAP_C", "0x00"]]);
    assert(initiator.isAnswered && !initiator.isComplete);
    assert.match(reasonOf(initiator.receive(reply)), /^the target does not prove itself/);
    assert(!initiator.isComplete);
  }
});

Deno.test("CHAP: whose name the initiator has not been told may prove itself under any", () => {
  const anyName = converse(
    initiatorSide({ target: { secret: SERVER.secret } }),
    targetSide({ target: SERVER }),
  );
  assert.equal(anyName, undefined);
  const otherName = converse(
    initiatorSide({ target: { ...SERVER, user: "another" } }),
    targetSide({ target: SERVER }),
  );
  assert.equal(otherName?.by, "initiator");
});

Deno.test("CHAP: mutual or not is for both to want", () => {
  const unasked = converse(initiatorSide(), targetSide({ target: SERVER }));
  assert.match(unasked!.reason, /does not ask the target to prove itself/);
  const unable = converse(initiatorSide({ target: SERVER }), targetSide());
  assert.match(unable!.reason, /has no secret to do so/);
});

Deno.test("CHAP: a name is a text, also where it looks like a number", () => {
  for (const user of ["0x41", "0b41", "0X", "0bQUxJQ0U=", "5", "iqn.1991-05.com.microsoft:mail1"]) {
    const initiator = { user, secret: ALICE.secret };
    assert.equal(converse(initiatorSide({ initiator }), targetSide({ initiator })), undefined);
  }
  const other = { user: "0x42", secret: ALICE.secret };
  const taken = converse(
    initiatorSide({ initiator: { user: "B", secret: ALICE.secret } }),
    targetSide({ initiator: other }),
  );
  assert.equal(taken?.reason, "its CHAP user B is not the one expected");
});

Deno.test("CHAP: keys out of turn end the exchange", () => {
  const early: readonly (readonly Pair[])[] = [
    [["CHAP_N", "alice"], ["CHAP_R", "0x00"]],
    [["CHAP_A", "5"], ["CHAP_N", "alice"]],
    [["CHAP_I", "1"]],
    [["CHAP_A", "9,10"]],
  ];
  for (const pairs of early) assert(targetSide().receive(pairs) instanceof ChapFault);
  const late: readonly (readonly Pair[])[] = [
    [["CHAP_A", "5"]],
    [["CHAP_N", "alice"]],
    [["CHAP_R", "0x00"]],
    [["CHAP_N", "alice"], ["CHAP_R", "0x00"], ["CHAP_I", "1"]],
    [["CHAP_N", "alice"], ["CHAP_R", "0x00"], ["CHAP_C", "0x00"]],
  ];
  for (const pairs of late) assert(challenged().target.receive(pairs) instanceof ChapFault);
  const { target, keys } = challenged();
  const answer = answerTo(keys);
  target.receive(answer);
  assert(target.isComplete);
  assert(target.receive(answer) instanceof ChapFault);
});
