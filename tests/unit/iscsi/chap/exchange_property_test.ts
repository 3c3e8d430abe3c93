import assert from "node:assert/strict";
import fc from "fast-check";
import { ChapFault } from "../../../../lib/iscsi/chap/fault.ts";
import { InitiatorChapExchange } from "../../../../lib/iscsi/chap/initiator_exchange.ts";
import { TargetChapExchange } from "../../../../lib/iscsi/chap/target_exchange.ts";
import type { Pair } from "../../../../lib/wire/key_values.ts";
import { ALICE, newIssuer, SERVER, spell } from "../../../support/chap.ts";

const octets = fc.uint8Array({ maxLength: 40 });
const value = fc.oneof(
  fc.constantFrom("", "CHAP", "None", "Reject", "5", "7", "8,5", "0x7", "255", "alice", "server"),
  fc.tuple(octets, fc.constantFrom("0x" as const, "0B" as const)).map(([it, how]) =>
    spell(it, how)
  ),
  fc.string({ maxLength: 40 }),
);
const key = fc.constantFrom("AuthMethod", "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R", "X");
const text = fc.array(fc.tuple(key, value), { maxLength: 6 });

/** What each of the two takes next, as often as not: so that the later steps are reached. */
const opening = fc.boolean();

Deno.test("B-02 B-12: whatever an initiator says without the secret, a target throws nothing and believes nothing", () => {
  fc.assert(
    fc.property(opening, fc.array(text, { maxLength: 5 }), (isOpened, texts) => {
      const target = new TargetChapExchange({
        initiator: ALICE,
        target: SERVER,
        issuer: newIssuer(),
      });
      if (isOpened) target.receive([["CHAP_A", "7,5"]]);
      for (const pairs of texts) {
        if (target.receive(pairs as Pair[]) instanceof ChapFault) break;
      }
      assert.equal(target.isComplete, false);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("B-02 B-12: whatever a target says without its secret, an initiator throws nothing and believes nothing", () => {
  fc.assert(
    fc.property(opening, fc.array(text, { maxLength: 5 }), (isOpened, texts) => {
      const initiator = new InitiatorChapExchange({
        initiator: ALICE,
        target: SERVER,
        issuer: newIssuer(),
      });
      if (isOpened) {
        initiator.receive([["AuthMethod", "CHAP"]]);
        initiator.receive([["CHAP_A", "5"], ["CHAP_I", "1"], ["CHAP_C", "0x5a"]]);
      }
      for (const pairs of texts) {
        const outcome = initiator.receive(pairs as Pair[]);
        if (outcome instanceof ChapFault) break;
        const said = JSON.stringify(outcome);
        for (const { secret } of [ALICE, SERVER]) assert(!said.includes(secret.reveal().text));
      }
      assert.equal(initiator.isComplete, false);
    }),
    { numRuns: 5_000 },
  );
});
