import assert from "node:assert/strict";
import { CHAP_ALGORITHMS } from "../../../../lib/iscsi/chap/algorithm.ts";
import { chapResponse, isEqual, isEqualText } from "../../../../lib/iscsi/chap/response.ts";
import { ChapSecret } from "../../../../lib/iscsi/chap/secret.ts";

/** Of 5a, "sixteen octets!!" and 00 to 1f, by Python's hashlib. */
const KNOWN: Readonly<Record<string, string>> = {
  "md5": "b97f9858ba338cabc0e230d2a1fc2ca7",
  "sha1": "9132330eac0bd1008a82c3b928c669e3fa4c977b",
  "sha256": "811efe62e295b970b93f108c31417b3effc62ce86e17ba774e582d9285d86eb1",
  "sha3-256": "7ed2006f366992106f3e83ae60372af72ec304c9c77347f8ee5e9dd6f81770a1",
};

Deno.test("chapResponse hashes identifier, secret and challenge, in this order", () => {
  const challenge = { identifier: 0x5a, octets: Uint8Array.from({ length: 32 }, (_, i) => i) };
  for (const algorithm of CHAP_ALGORITHMS) {
    const response = chapResponse(algorithm, challenge, new ChapSecret("sixteen octets!!"));
    assert.equal(Uint8Array.from(response).toHex(), KNOWN[algorithm.name]);
    assert.equal(response.length, algorithm.digestLength);
  }
});

Deno.test("isEqual and isEqualText tell what differs, also in length", () => {
  assert(isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  assert(!isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert(!isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3)));
  assert(isEqualText("alice", "alice"));
  assert(!isEqualText("alice", "alicia"));
});
