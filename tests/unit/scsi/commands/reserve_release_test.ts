import assert from "node:assert/strict";
import { Status } from "../../../../lib/scsi/status.ts";
import {
  REGISTER,
  register,
  RELEASE_6,
  RESERVE_6,
  reserveIn,
  reserveOut,
  TEST_UNIT_READY,
  TestStore,
} from "../../../support/reservations.ts";
import { join, NEXUS, OTHER_NEXUS, run, unitOf } from "../../../support/scsi.ts";

const { GOOD, RESERVATION_CONFLICT, CHECK_CONDITION } = Status;
const RESERVE_10 = "56 00 00 00 00 00 00 00 00 00";
const RELEASE_10 = "57 00 00 00 00 00 00 00 00 00";

async function statusOf(...args: Parameters<typeof run>): Promise<number> {
  return (await run(...args)).status;
}

for (const [reserve, release] of [[RESERVE_6, RELEASE_6], [RESERVE_10, RELEASE_10]] as const) {
  const length = reserve === RESERVE_6 ? 6 : 10;

  Deno.test(`A136: RESERVE(${length}) keeps others out until the holder's RELEASE`, async () => {
    const unit = unitOf();
    const other = { nexus: OTHER_NEXUS };
    assert.equal(await statusOf(unit, reserve), GOOD);
    assert.equal(await statusOf(unit, reserve), GOOD, "again by the holder");
    assert.equal(await statusOf(unit, reserve, other), RESERVATION_CONFLICT);
    assert.equal(await statusOf(unit, TEST_UNIT_READY, other), RESERVATION_CONFLICT);
    assert.equal(await statusOf(unit, TEST_UNIT_READY), GOOD);
    assert.equal(await statusOf(unit, release, other), GOOD, "by who does not hold it");
    assert.equal(await statusOf(unit, reserve, other), RESERVATION_CONFLICT, "it did nothing");
    assert.equal(await statusOf(unit, release), GOOD);
    assert.equal(await statusOf(unit, reserve, other), GOOD);
  });
}

Deno.test("A136: RESERVE ends with the nexus, which its next session does not inherit", async () => {
  const unit = unitOf();
  await run(unit, RESERVE_6);
  unit.detach(NEXUS);
  assert.equal(unit.reservations.held, false);

  // A session is reinstated: the new one comes before the old one is gone.
  const reinstated = { ...NEXUS };
  await run(unit, RESERVE_6, { nexus: OTHER_NEXUS });
  await run(unit, RELEASE_6, { nexus: OTHER_NEXUS });
  join(unit, NEXUS);
  await run(unit, RESERVE_6);
  join(unit, reinstated);
  const again = { nexus: reinstated };
  assert.equal(await statusOf(unit, TEST_UNIT_READY, again), RESERVATION_CONFLICT);
  unit.detach(NEXUS);
  assert.equal(await statusOf(unit, RESERVE_6, { nexus: OTHER_NEXUS }), GOOD);
});

Deno.test("A136: RESERVE of another nexus outlives a nexus loss", async () => {
  const unit = unitOf();
  await run(unit, RESERVE_6);
  unit.detach(OTHER_NEXUS);
  assert.equal(unit.reservations.held, true);
});

Deno.test("A136: RESERVE ends with a reset, and keys do not", async () => {
  const unit = unitOf();
  await run(unit, RESERVE_6);
  unit.reservations.reset();
  assert.equal(await statusOf(unit, TEST_UNIT_READY, { nexus: OTHER_NEXUS }), GOOD);
  await register(unit, NEXUS, 1n);
  unit.reservations.reset();
  assert.equal(unit.reservations.state.registrations.length, 1);
});

Deno.test("A136: RESERVE and RELEASE conflict for everyone while keys are registered", async () => {
  const unit = unitOf();
  await register(unit, NEXUS, 1n);
  for (const nexus of [NEXUS, OTHER_NEXUS]) {
    for (const cdb of [RESERVE_6, RELEASE_6, RESERVE_10, RELEASE_10]) {
      assert.equal(await statusOf(unit, cdb, { nexus }), RESERVATION_CONFLICT);
    }
  }
  await reserveOut(unit, REGISTER, { key: 1n });
  assert.equal(await statusOf(unit, RESERVE_6), GOOD);
});

Deno.test("A136: PERSISTENT RESERVE IN and OUT conflict for everyone while the unit is RESERVEd", async () => {
  const unit = unitOf();
  await run(unit, RESERVE_6);
  for (const nexus of [NEXUS, OTHER_NEXUS]) {
    for (let action = 0; action < 4; action++) {
      assert.equal((await reserveIn(unit, action, { nexus })).status, RESERVATION_CONFLICT);
    }
    const { status } = await reserveOut(unit, REGISTER, { nexus, actionKey: 1n });
    assert.equal(status, RESERVATION_CONFLICT);
  }
  assert.deepEqual(unit.reservations.state.registrations, []);
});

Deno.test("A136: RESERVE that arrives while a key is being saved waits, and then conflicts", async () => {
  const store = new TestStore();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const unit = unitOf({ reservationStore: store });
  const registering = reserveOut(unit, REGISTER, { actionKey: 1n, aptpl: true });
  const reserving = statusOf(unit, RESERVE_6, { nexus: OTHER_NEXUS });
  gate.resolve();
  assert.equal((await registering).status, GOOD);
  assert.equal(await reserving, RESERVATION_CONFLICT);
});

Deno.test("RESERVE: extents and third parties are obsolete", async () => {
  const unit = unitOf();
  const sendsOf = ["16 10 00 00 00 00", "16 01 00 00 00 00", "56 10 03 00 00 00 00 00 00 00"];
  for (const cdb of sendsOf) {
    const { status, sense } = await run(unit, cdb);
    assert.equal(status, CHECK_CONDITION);
    assert.equal(sense?.code, 0x2400);
  }
  assert.equal(unit.reservations.held, false);
});
