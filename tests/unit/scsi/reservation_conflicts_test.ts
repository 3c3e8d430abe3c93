import assert from "node:assert/strict";
import { Access } from "../../../lib/scsi/command.ts";
import { COMMANDS } from "../../../lib/scsi/commands/mod.ts";
import { Status } from "../../../lib/scsi/status.ts";
import {
  EA,
  EAAR,
  EARO,
  readReservation,
  register,
  RESERVE,
  RESERVE_6,
  reserveOut,
  TEST_UNIT_READY,
  TYPES,
  WE,
  WEAR,
  WERO,
} from "../../support/reservations.ts";
import { join, NEXUS, nexusOf, OTHER_NEXUS, run, taskOf, unitOf } from "../../support/scsi.ts";

const { ALWAYS, READ, WRITE, QUERY, OWN } = Access;
const STRANGER = nexusOf(3);
const HOLDER_KEY = 0x1n;

/** Type of reservation → the access classes refused to a registered nexus and to one that is not. */
const REFUSED: Record<number, readonly [readonly Access[], readonly Access[]]> = {
  [WE]: [[WRITE], [WRITE]],
  [EA]: [[READ, WRITE], [READ, WRITE]],
  [WERO]: [[], [WRITE]],
  [EARO]: [[], [READ, WRITE]],
  [WEAR]: [[], [WRITE]],
  [EAAR]: [[], [READ, WRITE]],
};

/** A unit reserved by NEXUS; OTHER_NEXUS is registered, STRANGER is not. */
async function reservedUnit(type: number) {
  const unit = unitOf();
  join(unit, STRANGER);
  await register(unit, NEXUS, HOLDER_KEY);
  await register(unit, OTHER_NEXUS, 2n);
  assert.equal((await reserveOut(unit, RESERVE, { key: HOLDER_KEY, type })).status, Status.GOOD);
  return unit;
}

Deno.test("A132: each type of reservation refuses each access class to those whom SPC-4 names", async () => {
  for (const type of TYPES) {
    const unit = await reservedUnit(type);
    const [toRegistered, toStranger] = REFUSED[type]!;
    for (const [name, access] of Object.entries(Access)) {
      const conflicts = [NEXUS, OTHER_NEXUS, STRANGER].map((nexus) =>
        unit.reservations.conflicts(taskOf(unit, TEST_UNIT_READY, { nexus }), access)
      );
      const expected = [false, toRegistered.includes(access), toStranger.includes(access)];
      assert.deepEqual(conflicts, expected, `type ${type}, ${name}`);
    }
  }
});

Deno.test("A132: a nexus's standing follows every change of registration", async () => {
  const unit = await reservedUnit(WERO);
  const writing = () =>
    unit.reservations.conflicts(taskOf(unit, TEST_UNIT_READY, { nexus: STRANGER }), WRITE);
  assert.equal(writing(), true);
  await register(unit, STRANGER, 3n);
  assert.equal(writing(), false);
  await reserveOut(unit, 0, { nexus: STRANGER, key: 3n });
  assert.equal(writing(), true);
});

Deno.test("A132: commands meet the conflict in the device server", async () => {
  const unit = await reservedUnit(EA);
  const inquiry = "12 00 00 00 24 00";
  assert.equal((await run(unit, inquiry, { nexus: STRANGER })).status, Status.GOOD);
  assert.equal((await run(unit, TEST_UNIT_READY, { nexus: STRANGER })).status, Status.GOOD);
  assert.equal((await readReservation(unit))?.type, EA);
  // RESERVE(6) has rules of its own: it conflicts because keys are registered.
  const { status } = await run(unit, RESERVE_6, { nexus: STRANGER });
  assert.equal(status, Status.RESERVATION_CONFLICT);
});

Deno.test("A132: under a foreign RESERVE only what always works is left", async () => {
  const unit = unitOf();
  join(unit, STRANGER);
  await run(unit, RESERVE_6);
  for (const [name, access] of Object.entries(Access)) {
    const task = taskOf(unit, TEST_UNIT_READY, { nexus: STRANGER });
    const refused = access !== ALWAYS && access !== OWN;
    assert.equal(unit.reservations.conflicts(task, access), refused, name);
    assert.equal(unit.reservations.conflicts(taskOf(unit, TEST_UNIT_READY), access), false, name);
  }
  assert.equal(unit.reservations.held, true);
});

Deno.test("A132: every command that writes is of the class that reservations refuse first", () => {
  for (const { name, access, writes } of COMMANDS) {
    if (writes === true) assert.equal(access, WRITE, name);
    // These decide for themselves, the last two by what their CDB asks for.
    if (access === OWN) assert.match(name, /RESERVE|RELEASE|START STOP|PREVENT ALLOW/);
    if (access === QUERY || access === READ) assert.notEqual(writes, true, name);
  }
});
