import assert from "node:assert/strict";
import fc from "fast-check";
import { negotiate, renegotiate } from "../../../lib/iscsi/negotiation.ts";
import { CONNECTION_DEFAULTS } from "../../../lib/iscsi/parameters.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import type { Pair } from "../../../lib/wire/key_values.ts";
import {
  after,
  answer,
  declared,
  failure,
  pairsOf,
  POLICY,
  security,
  target,
  textOf,
} from "../../support/negotiation.ts";

const OWN_DECLARATION: Pair = ["MaxRecvDataSegmentLength", "262144"];

Deno.test("A30: negotiate picks the first of the offered digests that it has", () => {
  assert.equal(answer("HeaderDigest=CRC32C,None"), "HeaderDigest=CRC32C");
  assert.equal(answer("HeaderDigest=None,CRC32C"), "HeaderDigest=None");
  assert.equal(answer("DataDigest=X-sha,CRC32C,None"), "DataDigest=CRC32C");
  assert.equal(answer("DataDigest=CRC32C,None", { dataDigest: ["None"] }), "DataDigest=None");
  assert.deepEqual(after("HeaderDigest=CRC32C DataDigest=None").connection.headerDigest, true);
  assert.deepEqual(after("HeaderDigest=CRC32C DataDigest=None").connection.dataDigest, false);
});

Deno.test("A30: negotiate rejects a list that holds nothing for us", () => {
  const policy = { ...POLICY, headerDigest: ["CRC32C"] };
  const { answers, error } = negotiate(declared, pairsOf("HeaderDigest=None"), policy);
  assert.equal(textOf(answers), "HeaderDigest=Reject");
  assert.equal(error?.status, LoginStatus.INITIATOR_ERROR);
});

Deno.test("A32: InitialR2T and the order keys are Yes if either side says so", () => {
  const keys = [
    ["InitialR2T", "initialR2T"],
    ["DataPDUInOrder", "dataPDUInOrder"],
    ["DataSequenceInOrder", "dataSequenceInOrder"],
  ] as const;
  for (const [key, parameter] of keys) {
    for (const offered of [true, false]) {
      for (const wished of [true, false]) {
        const offer = `${key}=${offered ? "Yes" : "No"}`;
        const expected = offered || wished;
        assert.equal(answer(offer, { [parameter]: wished }), `${key}=${expected ? "Yes" : "No"}`);
        assert.equal(after(offer, { [parameter]: wished }).session[parameter], expected);
      }
    }
  }
});

Deno.test("A32: ImmediateData is Yes if both sides say so", () => {
  for (const offered of [true, false]) {
    for (const immediateData of [true, false]) {
      const { session } = after(`ImmediateData=${offered ? "Yes" : "No"}`, { immediateData });
      assert.equal(session.immediateData, offered && immediateData);
    }
  }
});

/** Key, parameter, bounds, and the result function. */
const NUMBERS = [
  ["MaxConnections", "maxConnections", 1, 65535, Math.min],
  ["MaxBurstLength", "maxBurstLength", 512, 0xffffff, Math.min],
  ["MaxOutstandingR2T", "maxOutstandingR2T", 1, 65535, Math.min],
  ["DefaultTime2Wait", "defaultTime2Wait", 0, 3600, Math.max],
  ["DefaultTime2Retain", "defaultTime2Retain", 0, 3600, Math.min],
  ["ErrorRecoveryLevel", "errorRecoveryLevel", 0, 2, Math.min],
] as const;

for (const [key, parameter, least, most, choose] of NUMBERS) {
  Deno.test(`A33: ${key} is the ${choose.name}imum of both, from ${least} to ${most}`, () => {
    const within = fc.integer({ min: least, max: most });
    fc.assert(fc.property(within, within, (offered, wished) => {
      const policy = { [parameter]: wished, firstBurstLength: 512 };
      const expected = choose(offered, wished);
      assert.equal(answer(`${key}=${offered}`, policy), `${key}=${expected}`);
      assert.equal(after(`${key}=${offered}`, policy).session[parameter], expected);
    }));
    failure(`${key}=${most + 1}`);
    if (least > 0) failure(`${key}=${least - 1}`);
  });
}

Deno.test("A33: FirstBurstLength is the minimum of both, from 512 to 16777215", () => {
  assert.equal(after("FirstBurstLength=512").session.firstBurstLength, 512);
  assert.equal(
    answer("MaxBurstLength=16777215 FirstBurstLength=16777215"),
    "MaxBurstLength=1048576 FirstBurstLength=262144",
  );
  assert.equal(answer("FirstBurstLength=0x10000"), "FirstBurstLength=65536");
});

Deno.test("A34: a FirstBurstLength above MaxBurstLength is refused where both are offered", () => {
  failure("MaxBurstLength=65536 FirstBurstLength=65537");
  failure("FirstBurstLength=65537 MaxBurstLength=65536");
  failure("MaxBurstLength=65536", after("FirstBurstLength=131072"));
});

Deno.test("A34: FirstBurstLength is answered within MaxBurstLength, whatever we wish", () => {
  const policy = { maxBurstLength: 4096, firstBurstLength: 8192 };
  assert.equal(
    answer("FirstBurstLength=65536 MaxBurstLength=262144", policy),
    "FirstBurstLength=4096 MaxBurstLength=4096",
  );
  const { session } = after(
    "MaxBurstLength=262144",
    policy,
    after("FirstBurstLength=65536", policy),
  );
  assert.deepEqual([session.firstBurstLength, session.maxBurstLength], [4096, 4096]);
});

Deno.test("A34: the default FirstBurstLength gives way to a smaller MaxBurstLength", () => {
  assert.equal(after("MaxBurstLength=4096").session.firstBurstLength, 4096);
});

Deno.test("A34: FirstBurstLength never exceeds MaxBurstLength, in whatever order they come", () => {
  const burst = fc.integer({ min: 512, max: 0xffffff });
  fc.assert(fc.property(burst, burst, burst, burst, fc.boolean(), (a, b, c, d, isFirst) => {
    const policy = { ...POLICY, firstBurstLength: c, maxBurstLength: d };
    const offers = [`FirstBurstLength=${a}`, `MaxBurstLength=${b}`];
    let negotiation = declared;
    for (const offer of isFirst ? offers : offers.toReversed()) {
      ({ negotiation } = negotiate(negotiation, pairsOf(offer), policy));
    }
    const { firstBurstLength, maxBurstLength } = negotiation.session;
    assert.ok(firstBurstLength <= maxBurstLength, `${firstBurstLength} > ${maxBurstLength}`);
  }));
});

Deno.test("A35: each side's MaxRecvDataSegmentLength is its own", () => {
  const { connection } = after("MaxRecvDataSegmentLength=65536", {}, target);
  assert.equal(connection.peerMaxRecvDataSegmentLength, 65536);
  assert.equal(connection.ownMaxRecvDataSegmentLength, 262144);
});

Deno.test("A35: a target declares its MaxRecvDataSegmentLength once, in operational stage", () => {
  assert.deepEqual(negotiate(security, [], POLICY).answers, []);
  const first = negotiate(target, pairsOf("ImmediateData=Yes"), POLICY);
  assert.deepEqual(first.answers, [["ImmediateData", "Yes"], OWN_DECLARATION]);
  assert.deepEqual(negotiate(first.negotiation, [], POLICY).answers, []);
  assert.deepEqual(negotiate(renegotiate(first.negotiation), [], POLICY).answers, []);
});

Deno.test("A35: MaxRecvDataSegmentLength is 8192 both ways where nobody declares it", () => {
  const { connection } = after("InitiatorName=iqn.x", {}, security);
  assert.deepEqual(connection, CONNECTION_DEFAULTS);
});

Deno.test("A36: numbers are read in hexadecimal as well, and answered in decimal", () => {
  assert.equal(answer("MaxOutstandingR2T=0x4"), "MaxOutstandingR2T=4");
  assert.equal(
    after("MaxRecvDataSegmentLength=0X200").connection.peerMaxRecvDataSegmentLength,
    512,
  );
});

Deno.test("A57: the four combinations of InitialR2T and ImmediateData come out as agreed", () => {
  for (const initialR2T of [true, false]) {
    for (const immediateData of [true, false]) {
      const offer = `InitialR2T=${initialR2T ? "Yes" : "No"} ` +
        `ImmediateData=${immediateData ? "Yes" : "No"} FirstBurstLength=65536`;
      const { session } = after(offer);
      assert.deepEqual([session.initialR2T, session.immediateData], [initialR2T, immediateData]);
    }
  }
});
