/** What the time of an answer tells: measured, since it is what an attacker measures. */
import assert from "node:assert/strict";
import { ChapFault } from "../../../../lib/iscsi/chap/fault.ts";
import { InitiatorChapExchange } from "../../../../lib/iscsi/chap/initiator_exchange.ts";
import { ChapSecret } from "../../../../lib/iscsi/chap/secret.ts";
import { TargetChapExchange } from "../../../../lib/iscsi/chap/target_exchange.ts";
import { ALICE, newIssuer } from "../../../support/chap.ts";
import { note } from "../../../support/note.ts";

const TRIES = 10_000;
const issuer = newIssuer();

/** Lets somebody try to pass for alice; answers how long the refusal took, in nanoseconds. */
function timedRefusal(user: string, secret: ChapSecret): number {
  const target = new TargetChapExchange({ initiator: ALICE, issuer });
  const initiator = new InitiatorChapExchange({
    initiator: { user, secret },
    issuer: newIssuer(),
  });
  const offer = initiator.receive([["AuthMethod", "CHAP"]]);
  assert(!(offer instanceof ChapFault));
  const challenge = target.receive(offer);
  assert(!(challenge instanceof ChapFault));
  const answer = initiator.receive(challenge);
  assert(!(answer instanceof ChapFault));
  const begun = performance.now();
  const outcome = target.receive(answer);
  const took = performance.now() - begun;
  assert(outcome instanceof ChapFault);
  return took * 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

Deno.test("B-10: 10,000 tries do not tell an unknown name from a wrong secret", () => {
  const wrong = new ChapSecret("a word of nobody");
  for (let i = 0; i < 1_000; i++) timedRefusal("nobody", wrong);
  const byName: number[] = [], bySecret: number[] = [];
  for (let i = 0; i < TRIES / 2; i++) {
    byName.push(timedRefusal("nobody", ALICE.secret));
    bySecret.push(timedRefusal(ALICE.user, wrong));
  }
  const middle = median(bySecret);
  const difference = Math.abs(median(byName) - middle);
  // By the median deviation: a few tries that were held up do not make the spread look wide.
  const sigma = 1.4826 * median(bySecret.map((took) => Math.abs(took - middle)));
  note(
    `unknown name and wrong secret: medians ${difference.toFixed(0)} ns apart of ` +
      `${middle.toFixed(0)}, one try's sigma ${sigma.toFixed(0)} ns`,
  );
  assert(difference < 3 * sigma, `${difference} ns apart, sigma ${sigma} ns`);
});
