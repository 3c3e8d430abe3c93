import assert from "node:assert/strict";
import {
  BUS_DEVICE_RESET_OCCURRED,
  CAPACITY_DATA_HAS_CHANGED,
  I_T_NEXUS_LOSS_OCCURRED,
  MODE_PARAMETERS_CHANGED,
  POWER_ON_OR_RESET_OCCURRED,
  REPORTED_LUNS_DATA_HAS_CHANGED,
  type Sense,
} from "../../../lib/scsi/sense.ts";
import type { Nexus } from "../../../lib/scsi/nexus.ts";
import { UnitAttentions } from "../../../lib/scsi/unit_attention.ts";
import { NEXUS, OTHER_NEXUS } from "../../support/scsi.ts";

function attentionsOf(): UnitAttentions {
  const attentions = new UnitAttentions();
  for (const nexus of [NEXUS, OTHER_NEXUS]) {
    attentions.attach(nexus);
    attentions.take(nexus);
  }
  return attentions;
}

/** Everything that the nexus is to be told, told. */
function allOf(attentions: UnitAttentions, nexus: Nexus): Sense[] {
  const told: Sense[] = [];
  for (let next = attentions.take(nexus); next !== undefined; next = attentions.take(nexus)) {
    told.push(next);
  }
  return told;
}

Deno.test("A99: UnitAttentions: a nexus begins with the power on, and again with its own loss", () => {
  const attentions = attentionsOf();
  const again = { ...NEXUS };
  attentions.lose(NEXUS);
  attentions.attach(again);
  assert.deepEqual(allOf(attentions, again), [I_T_NEXUS_LOSS_OCCURRED]);
  attentions.lose(again);
  attentions.attach(NEXUS);
  attentions.lose(NEXUS); // untold
  attentions.attach(NEXUS);
  assert.deepEqual(allOf(attentions, NEXUS), [I_T_NEXUS_LOSS_OCCURRED]);
  assert.equal(attentions.count, 0);
});

Deno.test("A99: UnitAttentions: a power on that nobody has heard of is told to who comes back", () => {
  const attentions = new UnitAttentions();
  attentions.attach(NEXUS);
  attentions.lose(NEXUS);
  attentions.attach(NEXUS);
  assert.deepEqual(allOf(attentions, NEXUS), [POWER_ON_OR_RESET_OCCURRED]);
  attentions.establish(NEXUS, BUS_DEVICE_RESET_OCCURRED);
  attentions.lose(NEXUS);
  attentions.attach(NEXUS);
  assert.deepEqual(allOf(attentions, NEXUS), [POWER_ON_OR_RESET_OCCURRED]);
});

Deno.test("A99: UnitAttentions: who was lost hears of what happened meanwhile", () => {
  const attentions = attentionsOf();
  attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  attentions.lose(NEXUS);
  attentions.establishForOthers(MODE_PARAMETERS_CHANGED, OTHER_NEXUS);
  attentions.attach(NEXUS);
  assert.equal(attentions.count, 3);
  assert.deepEqual(allOf(attentions, NEXUS), [
    I_T_NEXUS_LOSS_OCCURRED,
    CAPACITY_DATA_HAS_CHANGED,
    MODE_PARAMETERS_CHANGED,
  ]);
});

Deno.test("A99: UnitAttentions: strangers come back as such: the forgotten, and the oldest of many", () => {
  const attentions = attentionsOf();
  attentions.lose(NEXUS);
  attentions.forgetLost();
  attentions.attach(NEXUS);
  assert.deepEqual(allOf(attentions, NEXUS), [POWER_ON_OR_RESET_OCCURRED]);
  const nexuses = Array.from({ length: 257 }, (_, i) => ({ ...NEXUS, initiatorPort: `p${i}` }));
  for (const nexus of nexuses) {
    attentions.attach(nexus);
    attentions.take(nexus);
    attentions.lose(nexus);
  }
  for (const nexus of [nexuses[0]!, nexuses[1]!]) attentions.attach(nexus);
  assert.deepEqual(allOf(attentions, nexuses[0]!), [POWER_ON_OR_RESET_OCCURRED]);
  assert.deepEqual(allOf(attentions, nexuses[1]!), [I_T_NEXUS_LOSS_OCCURRED]);
});

Deno.test("A97: UnitAttentions: the oldest is told first, an equal one is kept once", () => {
  const attentions = attentionsOf();
  for (const condition of [MODE_PARAMETERS_CHANGED, CAPACITY_DATA_HAS_CHANGED]) {
    attentions.establish(NEXUS, condition);
    attentions.establish(NEXUS, condition);
  }
  assert.equal(attentions.count, 2);
  assert.equal(attentions.take(NEXUS), MODE_PARAMETERS_CHANGED);
  assert.equal(attentions.take(NEXUS), CAPACITY_DATA_HAS_CHANGED);
  assert.equal(attentions.take(NEXUS), undefined);
  assert.equal(attentions.count, 0);
});

Deno.test("A97: UnitAttentions: a reset takes the place of what came before it", () => {
  const attentions = attentionsOf();
  attentions.establish(NEXUS, MODE_PARAMETERS_CHANGED);
  attentions.establish(NEXUS, BUS_DEVICE_RESET_OCCURRED);
  attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  assert.equal(attentions.take(NEXUS), BUS_DEVICE_RESET_OCCURRED);
  assert.equal(attentions.take(NEXUS), CAPACITY_DATA_HAS_CHANGED);
  assert.equal(attentions.count, 0);
});

Deno.test("A98: UnitAttentions: who caused a condition is not told, unless it was nobody", () => {
  const attentions = attentionsOf();
  attentions.establishForOthers(MODE_PARAMETERS_CHANGED, NEXUS);
  assert.equal(attentions.peek(NEXUS), undefined);
  assert.equal(attentions.peek(OTHER_NEXUS), MODE_PARAMETERS_CHANGED);
  attentions.establishForOthers(CAPACITY_DATA_HAS_CHANGED);
  assert.equal(attentions.peek(NEXUS), CAPACITY_DATA_HAS_CHANGED);
});

Deno.test("A100: UnitAttentions: a change of inventory is settled, and the rest stays", () => {
  const attentions = attentionsOf();
  attentions.establish(NEXUS, MODE_PARAMETERS_CHANGED);
  attentions.establish(NEXUS, REPORTED_LUNS_DATA_HAS_CHANGED);
  attentions.settleReportedLuns(NEXUS);
  attentions.settleReportedLuns(NEXUS);
  assert.equal(attentions.count, 1);
  assert.equal(attentions.take(NEXUS), MODE_PARAMETERS_CHANGED);
});

Deno.test("UnitAttentions: a nexus has at most sixteen; the oldest make way", () => {
  const attentions = attentionsOf();
  for (let i = 0; i < 20; i++) attentions.establish(NEXUS, { key: 6, code: 0x3f20 + i });
  assert.equal(attentions.count, 16);
  assert.equal(attentions.take(NEXUS)?.code, 0x3f24);
});

Deno.test("UnitAttentions: what a nexus was to be told goes with it", () => {
  const attentions = attentionsOf();
  attentions.establishForOthers(MODE_PARAMETERS_CHANGED);
  attentions.detach(NEXUS);
  assert.equal(attentions.count, 1);
  attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  assert.equal(attentions.count, 1);
  assert.deepEqual([...attentions.nexuses()], [OTHER_NEXUS]);
});
