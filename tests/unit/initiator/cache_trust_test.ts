/** A141: when a unit is believed to have its write cache still. */
import assert from "node:assert/strict";
import { CacheTrust } from "../../../lib/initiator/cache_trust.ts";

const POWER_ON = { key: 6, code: 0x2900, deferred: false };
const NEXUS_LOSS = { key: 6, code: 0x2907, deferred: false };
const MODE_CHANGED = { key: 6, code: 0x2a01, deferred: false };

/** After a session in which all was well. */
function trusting(): CacheTrust {
  const trust = new CacheTrust();
  trust.sessionBegan();
  trust.beginLook();
  trust.endLook();
  assert.equal(trust.isDoubtful, false);
  return trust;
}

Deno.test("A141: CacheTrust doubts every first session, and believes it once somebody has looked", () => {
  const trust = new CacheTrust();
  trust.sessionBegan();
  trust.heard(NEXUS_LOSS);
  assert.equal(trust.isDoubtful, true);
  trusting();
});

Deno.test("A141: CacheTrust believes a session that only lost the nexus, behind one that was well", () => {
  const trust = trusting();
  trust.sessionBegan();
  assert.equal(trust.isDoubtful, true, "nothing was said");
  trust.heard(MODE_CHANGED);
  assert.equal(trust.isDoubtful, true, "nothing of that was said");
  trust.heard(NEXUS_LOSS);
  assert.equal(trust.isDoubtful, false);
  trust.vouch();
  trust.heard(POWER_ON);
  assert.equal(trust.isDoubtful, true);
});

Deno.test("A141: CacheTrust does not believe what comes behind a session that was not looked into", () => {
  const trust = trusting();
  trust.sessionBegan(); // what was told in this one, nobody heard
  trust.sessionBegan();
  trust.heard(NEXUS_LOSS);
  assert.equal(trust.isDoubtful, true);
});

Deno.test("A141: CacheTrust wants another look where something was told during one", () => {
  const trust = trusting();
  trust.heard(POWER_ON);
  trust.beginLook();
  trust.heard(POWER_ON);
  trust.endLook();
  assert.equal(trust.isDoubtful, true);
  trust.beginLook();
  trust.endLook();
  assert.equal(trust.isDoubtful, false);
});

Deno.test("A141: CacheTrust wants a look that was broken off to be done again", () => {
  const trust = trusting();
  trust.heard(POWER_ON);
  trust.beginLook();
  trust.sessionBegan();
  trust.heard(NEXUS_LOSS);
  assert.equal(trust.isDoubtful, true);
});
