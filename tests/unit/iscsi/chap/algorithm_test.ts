import assert from "node:assert/strict";
import {
  CHAP_ALGORITHMS,
  chooseAlgorithm,
  MD5_ALONE,
  offerAlgorithms,
} from "../../../../lib/iscsi/chap/algorithm.ts";

Deno.test("B-11: SHA3-256 and SHA-256 are offered before MD5, by IANA's numbers", () => {
  assert.equal(offerAlgorithms(CHAP_ALGORITHMS), "8,7,6,5");
  assert.equal(offerAlgorithms(MD5_ALONE), "5");
});

Deno.test("B-11: the strongest of the offer is chosen, whatever its order and spelling", () => {
  const cases = [
    ["5", "md5"],
    ["5,6", "sha1"],
    ["5,6,7", "sha256"],
    ["5,6,7,8", "sha3-256"],
    ["8,5", "sha3-256"],
    ["0x7,05", "sha256"],
    ["9,1000,x,,5", "md5"],
    ["9", undefined],
    ["", undefined],
    ["5;7", undefined],
    ["md5", undefined],
  ] as const;
  for (const [offer, name] of cases) {
    assert.equal(chooseAlgorithm(offer, CHAP_ALGORITHMS)?.name, name, offer);
  }
});

Deno.test("B-12: an algorithm that is not allowed is not chosen", () => {
  const strong = CHAP_ALGORITHMS.filter(({ name }) => name.startsWith("sha3"));
  assert.equal(chooseAlgorithm("7,6,5", strong), undefined);
  assert.equal(chooseAlgorithm("5,8", strong)?.name, "sha3-256");
});
