import assert from "node:assert/strict";
import { Status } from "../../../../lib/scsi/status.ts";
import {
  EA,
  EAAR,
  readFullStatus,
  readKeys,
  readReservation,
  register,
  RESERVE,
  reserveIn,
  reserveOut,
  TestStore,
  WE,
  WEAR,
  WERO,
} from "../../../support/reservations.ts";
import { join, NEXUS, nexusOf, OTHER_NEXUS, unitOf } from "../../../support/scsi.ts";

const KEY = 0xfedc_ba98_7654_3210n;

Deno.test("READ KEYS: nothing registered is a header alone", async () => {
  const { data } = await reserveIn(unitOf(), 0);
  assert.deepEqual([...data], [0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("READ KEYS: every registration's key, whole and though equal to another", async () => {
  const unit = unitOf();
  await register(unit, NEXUS, KEY);
  await register(unit, OTHER_NEXUS, KEY);
  assert.deepEqual(await readKeys(unit), { generation: 2, keys: [KEY, KEY] });
});

Deno.test("READ KEYS: ALLOCATION LENGTH cuts the data, not the length that it states", async () => {
  const unit = unitOf();
  await register(unit, NEXUS, KEY);
  await register(unit, OTHER_NEXUS, 2n);
  const { data } = await reserveIn(unit, 0, { allocationLength: 12 });
  assert.equal(data.length, 12);
  assert.equal(new DataView(data.buffer).getUint32(4), 16);
  for (const allocationLength of [0, 1, 7]) {
    const cut = await reserveIn(unit, 0, { allocationLength });
    assert.equal(cut.status, Status.GOOD);
    assert.equal(cut.data.length, allocationLength);
  }
});

Deno.test("A133: READ RESERVATION tells key, scope and type", async () => {
  const unit = unitOf();
  assert.equal(await readReservation(unit), undefined);
  await register(unit, NEXUS, KEY);
  assert.equal(await readReservation(unit), undefined);
  await reserveOut(unit, RESERVE, { key: KEY, type: EA });
  assert.deepEqual(await readReservation(unit), { key: KEY, scope: 0, type: EA });
});

Deno.test("A130: a reservation of all registrants reads as key zero", async () => {
  for (const type of [WEAR, EAAR]) {
    const unit = unitOf();
    await register(unit, NEXUS, KEY);
    await reserveOut(unit, RESERVE, { key: KEY, type });
    assert.deepEqual(await readReservation(unit), { key: 0n, scope: 0, type });
  }
});

Deno.test("A133: REPORT CAPABILITIES says what is so", async () => {
  const without = (await reserveIn(unitOf(), 2)).data;
  // Length 8; SIP_C, ATP_C; TMV, no ALLOW COMMANDS; all six types.
  assert.deepEqual([...without], [0, 8, 0x0c, 0x80, 0xea, 0x01, 0, 0]);

  const unit = unitOf({ reservationStore: new TestStore() });
  assert.deepEqual([...(await reserveIn(unit, 2)).data], [0, 8, 0x0d, 0x80, 0xea, 0x01, 0, 0]);
  await register(unit, NEXUS, KEY, { aptpl: true });
  assert.equal((await reserveIn(unit, 2)).data[3], 0x81, "PTPL_A");
  await register(unit, NEXUS, KEY);
  assert.equal((await reserveIn(unit, 2)).data[3], 0x80, "APTPL was last given as zero");
});

Deno.test("A133: READ FULL STATUS tells each registration's nexus and its part in the reservation", async () => {
  const unit = unitOf();
  const elsewhere = nexusOf(2, 7);
  join(unit, elsewhere);
  await register(unit, NEXUS, KEY);
  await register(unit, elsewhere, 2n);
  await reserveOut(unit, RESERVE, { key: KEY, type: WE });
  const common = { allTargetPorts: false };
  const first = { ...common, key: KEY, port: NEXUS.initiatorPort, relativeTargetPort: 1 };
  const second = { ...common, key: 2n, port: elsewhere.initiatorPort, relativeTargetPort: 7 };
  assert.deepEqual(await readFullStatus(unit), [
    { ...first, holder: true, type: WE },
    { ...second, holder: false, type: 0 },
  ]);
});

Deno.test("A133: READ FULL STATUS names all registrants as holders of their reservation", async () => {
  const unit = unitOf();
  await register(unit, NEXUS, 1n);
  await register(unit, OTHER_NEXUS, 2n);
  await reserveOut(unit, RESERVE, { key: 1n, type: WEAR });
  const found = await readFullStatus(unit);
  assert.deepEqual(found.map(({ holder, type }) => [holder, type]), [[true, WEAR], [true, WEAR]]);
});

Deno.test("READ FULL STATUS: a registration for all target ports is one, without its holder", async () => {
  const unit = unitOf();
  join(unit, nexusOf(1, 2));
  await register(unit, NEXUS, KEY, { allTargetPorts: true });
  assert.deepEqual((await readFullStatus(unit)).map((each) => each.allTargetPorts), [true]);
  await reserveOut(unit, RESERVE, { key: KEY, type: WERO });
  const found = await readFullStatus(unit);
  assert.deepEqual(found.map((each) => [each.allTargetPorts, each.holder]), [
    [true, false],
    [false, true],
  ]);
});

Deno.test("PERSISTENT RESERVE IN: other service actions are an invalid field of the CDB", async () => {
  const unit = unitOf();
  for (let action = 4; action < 0x20; action++) {
    const { status, sense } = await reserveIn(unit, action);
    assert.equal(status, Status.CHECK_CONDITION);
    assert.equal(sense?.code, 0x2400);
  }
});

Deno.test("PERSISTENT RESERVE IN: works for everyone under any persistent reservation", async () => {
  const unit = unitOf();
  await register(unit, NEXUS, KEY);
  await reserveOut(unit, RESERVE, { key: KEY, type: EA });
  for (let action = 0; action < 4; action++) {
    assert.equal((await reserveIn(unit, action, { nexus: OTHER_NEXUS })).status, Status.GOOD);
  }
});
