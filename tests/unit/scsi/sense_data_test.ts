import assert from "node:assert/strict";
import fc from "fast-check";
import {
  INVALID_FIELD_IN_CDB,
  LBA_OUT_OF_RANGE,
  MISCOMPARE_DURING_VERIFY,
  SANITIZE_IN_PROGRESS,
  type Sense,
  withField,
  withInformation,
  withProgress,
  WRITE_PROTECTED,
} from "../../../lib/scsi/sense.ts";
import { emitSense, parseSense } from "../../../lib/scsi/sense_data.ts";

function hex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join(" ");
}

interface Example {
  readonly title: string;
  readonly sense: Sense;
  readonly fixed: string;
  readonly descriptor: string;
}

const EXAMPLES: readonly Example[] = [
  {
    title: "a plain one",
    sense: WRITE_PROTECTED,
    fixed: "70 00 07 00 00 00 00 0a 00 00 00 00 27 00 00 00 00 00",
    descriptor: "72 07 27 00 00 00 00 00",
  },
  {
    title: "one with a field pointer to a bit of the CDB",
    sense: withField(INVALID_FIELD_IN_CDB, { in: "cdb", octet: 1, bit: 7 }),
    fixed: "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cf 00 01",
    descriptor: "72 05 24 00 00 00 00 08 02 06 00 00 cf 00 01 00",
  },
  {
    title: "one with a field pointer to an octet of the parameter list",
    sense: withField(INVALID_FIELD_IN_CDB, { in: "data", octet: 0x123 }),
    fixed: "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 80 01 23",
    descriptor: "72 05 24 00 00 00 00 08 02 06 00 00 80 01 23 00",
  },
  {
    title: "one with INFORMATION",
    sense: withInformation(MISCOMPARE_DURING_VERIFY, 0x201),
    fixed: "f0 00 0e 00 00 02 01 0a 00 00 00 00 1d 00 00 00 00 00",
    descriptor: "72 0e 1d 00 00 00 00 0c 00 0a 80 00 00 00 00 00 00 00 02 01",
  },
  {
    title: "one with a progress indication",
    sense: withProgress(SANITIZE_IN_PROGRESS, 0x8000),
    fixed: "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 80 00",
    descriptor: "72 02 04 1b 00 00 00 08 02 06 00 00 80 80 00 00",
  },
];

for (const { title, sense, fixed, descriptor } of EXAMPLES) {
  Deno.test(`A72: emitSense: ${title}, in fixed format`, () => {
    assert.equal(hex(emitSense(sense, { descriptor: false })), fixed);
  });

  Deno.test(`A72: emitSense: ${title}, in descriptor format`, () => {
    assert.equal(hex(emitSense(sense, { descriptor: true })), descriptor);
  });
}

Deno.test("A72: emitSense: INFORMATION of more than 32 bits stands in descriptor format alone", () => {
  const sense = withInformation(LBA_OUT_OF_RANGE, 0x12_3456_789a);
  const fixed = emitSense(sense, { descriptor: false });
  assert.equal(fixed[0], 0x70);
  assert.equal(parseSense(fixed)!.information, undefined);
  assert.equal(
    parseSense(emitSense(sense, { descriptor: true }))!.information,
    0x12_3456_789a,
  );
});

const PLAIN = { noNullPrototype: true } as const;
const WHERE = { in: fc.constantFrom("cdb" as const, "data" as const), octet: fc.nat(0xffff) };
const CODE = fc.nat(0xffff);

const SENSES: fc.Arbitrary<Sense> = fc.oneof(
  fc.record({ key: fc.nat(15), code: CODE }, PLAIN),
  fc.record({ key: fc.nat(15), code: CODE, information: fc.nat(0xffff_ffff) }, PLAIN),
  fc.record({
    key: fc.constant(5),
    code: CODE,
    field: fc.oneof(fc.record(WHERE, PLAIN), fc.record({ ...WHERE, bit: fc.nat(7) }, PLAIN)),
  }, PLAIN),
  fc.record({ key: fc.constantFrom(0, 2), code: CODE, progress: fc.nat(0xffff) }, PLAIN),
);

Deno.test("A148: parseSense reads what emitSense writes, in both formats", () => {
  fc.assert(fc.property(SENSES, fc.boolean(), (sense, descriptor) => {
    assert.deepEqual(parseSense(emitSense(sense, { descriptor })), { ...sense, deferred: false });
  }));
});

Deno.test("parseSense: deferred errors are known from current ones", () => {
  for (const descriptor of [false, true]) {
    const octets = emitSense(WRITE_PROTECTED, { descriptor });
    octets[0]! |= 1;
    assert.equal(parseSense(octets)!.deferred, true);
  }
});

Deno.test("A72: parseSense: no octets, however cut or forged, make it fail", () => {
  const forged = fc.tuple(
    fc.constantFrom(0x70, 0x71, 0x72, 0x73, 0xf0, 0x00, 0x7f),
    fc.uint8Array({ maxLength: 300 }),
  );
  fc.assert(fc.property(forged, ([responseCode, rest]) => {
    parseSense(Uint8Array.of(responseCode, ...rest));
  }));
  assert.equal(parseSense(new Uint8Array(0)), undefined);
  assert.equal(parseSense(Uint8Array.of(0x70, 0, 5)), undefined);
});

Deno.test("parseSense: fixed format shorter than the additional sense code has none", () => {
  const octets = emitSense(WRITE_PROTECTED, { descriptor: false }).subarray(0, 8);
  assert.deepEqual(parseSense(octets), { key: 7, code: 0, deferred: false });
});
