import assert from "node:assert/strict";
import { CHALLENGE_LENGTH, ChallengeIssuer } from "../../../../lib/iscsi/chap/challenge.ts";
import { systemRandom } from "../../../../lib/runtime/random.ts";

Deno.test("B-01: 1,000 challenges of 50 starts are all different, and long enough", () => {
  const challenges = new Set<string>();
  const identifiers = new Set<number>();
  for (let start = 0; start < 50; start++) {
    const issuer = new ChallengeIssuer(systemRandom);
    for (let i = 0; i < 20; i++) {
      const { identifier, octets } = issuer.issue();
      assert(octets.length >= 16);
      assert(Number.isInteger(identifier) && identifier >= 0 && identifier <= 255);
      challenges.add(octets.toHex());
      // What is random in it does not come twice either.
      challenges.add(octets.subarray(0, 16).toHex());
      identifiers.add(identifier);
    }
  }
  assert.equal(challenges.size, 2000);
  assert(identifiers.size > 200, `${identifiers.size} identifiers`);
});

Deno.test("B-09: an issuer knows every challenge of its own again, and no other", () => {
  const issuer = new ChallengeIssuer(systemRandom);
  const issued = Array.from({ length: 100 }, () => issuer.issue().octets);
  assert(issued.every((octets) => issuer.isOwn(octets)));
  const other = new ChallengeIssuer(systemRandom);
  assert(issued.every((octets) => !other.isOwn(octets)));
  const altered = issued[0]!.slice();
  for (let at = 0; at < CHALLENGE_LENGTH; at++) {
    altered[at]! ^= 1;
    assert(!issuer.isOwn(altered));
    altered[at]! ^= 1;
  }
  assert(!issuer.isOwn(issued[0]!.subarray(1)));
  assert(!issuer.isOwn(new Uint8Array(0)));
});
