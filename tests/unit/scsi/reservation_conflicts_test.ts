import assert from "node:assert/strict";
import { Access } from "../../../lib/scsi/command.ts";
import { COMMANDS } from "../../../lib/scsi/commands/mod.ts";
import { begin } from "../../../lib/scsi/device_server.ts";
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
import {
  join,
  lunsOf,
  NEXUS,
  nexusOf,
  OTHER_NEXUS,
  run,
  taskOf,
  unitOf,
} from "../../support/scsi.ts";

const { ALWAYS, READ, WRITE, OWN } = Access;
const STRANGER = nexusOf(3);
const HOLDER_KEY = 0x1n;

/**
 * Type of reservation → the access classes refused to a registered nexus and to one that is not.
 */
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

/**
 * What a command meets that a stranger sends: under Write Exclusive, Exclusive Access, and RESERVE.
 */
const OPEN = "allowed allowed allowed";
const ASKING = "allowed allowed conflict";
const READING = "allowed conflict conflict";
const WRITING = "conflict conflict conflict";

const MEETS: readonly (readonly [meets: string, names: readonly string[]])[] = [
  [OPEN, ["INQUIRY", "REPORT LUNS", "REQUEST SENSE", "REPORT TARGET PORT GROUPS"]],
  [ASKING, ["TEST UNIT READY", "MODE SENSE", "READ CAPACITY", "REPORT SUPPORTED"]],
  [READING, ["READ", "VERIFY", "PRE-FETCH", "GET LBA STATUS", "READ DEFECT DATA"]],
  [WRITING, [
    "WRITE",
    "WRITE AND VERIFY",
    "WRITE SAME",
    "WRITE ATOMIC",
    "COMPARE AND WRITE",
    "ORWRITE",
    "UNMAP",
    "SANITIZE",
    "SYNCHRONIZE CACHE",
    "MODE SELECT",
  ]],
  // These decide by what is asked of them.
  [WRITING, ["START STOP UNIT"]],
  [OPEN, ["PREVENT ALLOW MEDIUM REMOVAL"]],
];

/** The row of a command, by the longest name that its own begins with. */
function meetsOf(name: string): string | undefined {
  const rows = MEETS.flatMap(([meets, names]) => names.map((each) => [each, meets] as const));
  const found = rows.filter(([each]) => name.startsWith(each));
  return found.sort(([a], [b]) => b.length - a.length)[0]?.[1];
}

/** What the CDB of a stranger meets under each kind of reservation. */
async function met(cdb: readonly number[]): Promise<string> {
  const words: string[] = [];
  for (const kind of [WE, EA, undefined]) {
    const unit = unitOf({ removable: true });
    join(unit, STRANGER);
    if (kind === undefined) {
      await run(unit, RESERVE_6);
    } else {
      await register(unit, NEXUS, HOLDER_KEY);
      await reserveOut(unit, RESERVE, { key: HOLDER_KEY, type: kind });
    }
    const task = taskOf(unit, cdb, { nexus: STRANGER });
    begin(task, lunsOf(unit));
    words.push(task.status === Status.RESERVATION_CONFLICT ? "conflict" : "allowed");
  }
  return words.join(" ");
}

Deno.test("A132: every command meets what its class says; none is without a class", async () => {
  for (const { name, opcode, serviceAction = 0 } of COMMANDS) {
    if (/RESERVE|RELEASE/.test(name)) continue;
    const expected = meetsOf(name);
    assert.ok(expected !== undefined, `${name} has no row in this test, add one`);
    assert.equal(await met([opcode, serviceAction]), expected, name);
  }
});

Deno.test("A132: START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL meet what they ask for", async () => {
  assert.equal(await met([0x1b, 0, 0, 0, 0x01]), ASKING, "start");
  assert.equal(await met([0x1b, 0, 0, 0, 0x11]), WRITING, "a power condition");
  assert.equal(await met([0x1b, 0, 0, 0, 0x02]), WRITING, "eject");
  assert.equal(await met([0x1e, 0, 0, 0, 0x01]), WRITING, "prevent");
});
