import assert from "node:assert/strict";
import fc from "fast-check";
import type { Policy } from "../../../lib/iscsi/keys.ts";
import {
  atStage,
  beginNegotiation,
  concludeNegotiation,
  negotiate,
  type Negotiated,
  type Negotiation,
  noteOffers,
  operationalOffers,
} from "../../../lib/iscsi/negotiation.ts";
import { SESSION_DEFAULTS } from "../../../lib/iscsi/parameters.ts";
import { LoginStage } from "../../../lib/iscsi/pdu/login_request.ts";
import type { Pair } from "../../../lib/wire/key_values.ts";

const POLICY: Policy = {
  ...SESSION_DEFAULTS,
  headerDigest: ["CRC32C", "None"],
  dataDigest: ["None"],
  maxRecvDataSegmentLength: 65536,
  initialR2T: false,
  maxBurstLength: 131072,
  firstBurstLength: 65536,
  maxOutstandingR2T: 4,
  taskReporting: ["RFC3720"],
  protocolLevel: 1,
};

/** An initiator that has sent its operational keys. */
function offering(policy: Policy = POLICY): Negotiation {
  const start = atStage(beginNegotiation("initiator"), LoginStage.OPERATIONAL_NEGOTIATION);
  return noteOffers(start, operationalOffers(start, policy));
}

function take(...answers: Pair[]): Negotiated {
  return negotiate(offering(), answers, POLICY);
}

Deno.test("operationalOffers says all that we wish for", () => {
  const start = beginNegotiation("initiator");
  assert.deepEqual(operationalOffers(start, POLICY), [
    ["MaxRecvDataSegmentLength", "65536"],
    ["HeaderDigest", "CRC32C,None"],
    ["DataDigest", "None"],
    ["MaxConnections", "1"],
    ["InitialR2T", "No"],
    ["ImmediateData", "Yes"],
    ["MaxBurstLength", "131072"],
    ["FirstBurstLength", "65536"],
    ["DefaultTime2Wait", "2"],
    ["DefaultTime2Retain", "20"],
    ["MaxOutstandingR2T", "4"],
    ["DataPDUInOrder", "Yes"],
    ["DataSequenceInOrder", "Yes"],
    ["ErrorRecoveryLevel", "0"],
    ["TaskReporting", "RFC3720"],
    ["iSCSIProtocolLevel", "1"],
  ]);
});

Deno.test("A34: operationalOffers keeps FirstBurstLength within MaxBurstLength", () => {
  const offers = new Map(operationalOffers(offering(), { ...POLICY, maxBurstLength: 4096 }));
  assert.equal(offers.get("FirstBurstLength"), "4096");
});

Deno.test("operationalOffers leaves out what a discovery session has no use for", () => {
  const discovery = noteOffers(beginNegotiation("initiator"), [["SessionType", "Discovery"]]);
  assert.deepEqual(operationalOffers(discovery, POLICY).map(([key]) => key), [
    ...["MaxRecvDataSegmentLength", "HeaderDigest", "DataDigest", "DefaultTime2Wait"],
    ...["DefaultTime2Retain", "ErrorRecoveryLevel"],
  ]);
});

Deno.test("operationalOffers says on a further connection only what is the connection's", () => {
  const joining = beginNegotiation("initiator", SESSION_DEFAULTS);
  assert.deepEqual(operationalOffers(joining, POLICY).map(([key]) => key), [
    ...["MaxRecvDataSegmentLength", "HeaderDigest", "DataDigest"],
  ]);
});

Deno.test("A30 A32 A33 A35: an initiator takes the answers to its offers", () => {
  const { negotiation, answers, error } = take(
    ["HeaderDigest", "CRC32C"],
    ["InitialR2T", "Yes"],
    ["ImmediateData", "No"],
    ["MaxBurstLength", "65536"],
    ["FirstBurstLength", "Irrelevant"],
    ["DefaultTime2Wait", "5"],
    ["MaxRecvDataSegmentLength", "262144"],
    ["TargetPortalGroupTag", "1"],
    ["TargetAlias", "disks"],
  );
  assert.equal(error, undefined);
  assert.deepEqual(answers, []);
  const { session, connection, settled } = negotiation;
  assert.equal(connection.headerDigest, true);
  assert.equal(connection.peerMaxRecvDataSegmentLength, 262144);
  assert.equal(connection.ownMaxRecvDataSegmentLength, 65536);
  assert.deepEqual([session.initialR2T, session.immediateData], [true, false]);
  assert.deepEqual([session.maxBurstLength, session.defaultTime2Wait], [65536, 5]);
  assert.equal(settled.get("TargetPortalGroupTag"), "1");
});

Deno.test("A28: an answer without a value leaves the default", () => {
  for (const word of ["Reject", "NotUnderstood", "Irrelevant"]) {
    const { negotiation, error, answers } = take(
      ["MaxOutstandingR2T", word],
      ["HeaderDigest", word],
      ["MaxRecvDataSegmentLength", word],
      ["InitialR2T", word],
    );
    assert.equal(error, undefined);
    assert.deepEqual(answers, []);
    assert.deepEqual(concludeNegotiation(negotiation).session, {
      ...SESSION_DEFAULTS,
      maxOutstandingR2T: 1,
    });
    assert.equal(negotiation.connection.headerDigest, false);
  }
});

Deno.test("A30 A32 A33: an initiator refuses answers that its offers do not allow", () => {
  const wrong: Pair[] = [
    ["MaxBurstLength", "131073"],
    ["MaxBurstLength", "511"],
    ["MaxOutstandingR2T", "5"],
    ["MaxOutstandingR2T", "0"],
    ["DefaultTime2Wait", "1"],
    ["DataPDUInOrder", "No"],
    ["ImmediateData", "Maybe"],
    ["HeaderDigest", "CRC32C,None"],
    ["DataDigest", "CRC32C"],
    ["TaskReporting", "FastAbort"],
  ];
  for (const answer of wrong) {
    const { error } = take(answer);
    assert.match(error?.message ?? "", /is no answer to the offer/, answer.join("="));
  }
});

Deno.test("A29: an initiator refuses a second answer", () => {
  assert.match(take(["InitialR2T", "No"], ["InitialR2T", "No"]).error?.message ?? "", /came twice/);
  const { negotiation } = take(["InitialR2T", "No"]);
  assert.notEqual(negotiate(negotiation, [["InitialR2T", "No"]], POLICY).error, undefined);
});

Deno.test("A26: an initiator answers what a target offers of its own accord", () => {
  const start = atStage(beginNegotiation("initiator"), LoginStage.OPERATIONAL_NEGOTIATION);
  const { answers } = negotiate(start, [["MaxBurstLength", "65536"], ["X-a", "1"]], POLICY);
  assert.deepEqual(answers, [["MaxBurstLength", "65536"], ["X-a", "NotUnderstood"]]);
});

Deno.test("an initiator refuses what only an initiator may say", () => {
  const { error } = take(["InitiatorName", "iqn.2001-04.com.example:x"]);
  assert.match(error?.message ?? "", /is for the initiator to say/);
});

Deno.test("an initiator leaves security answers to its caller", () => {
  const { others } = negotiate(beginNegotiation("initiator"), [["AuthMethod", "Reject"]], POLICY);
  assert.deepEqual(others, [["AuthMethod", "Reject"]]);
});

Deno.test("A32: concludeNegotiation takes an offer that needs no answer for the result", () => {
  const policy = { ...POLICY, initialR2T: true, immediateData: false };
  assert.deepEqual(concludeNegotiation(offering(policy)).session, {
    ...SESSION_DEFAULTS,
    initialR2T: true,
    immediateData: false,
  });
  assert.equal(concludeNegotiation(offering()).session.initialR2T, true);
});

Deno.test("A43: a login that failed leaves no trace in the next one", () => {
  const before = structuredClone(offering());
  const start = offering();
  negotiate(start, [["HeaderDigest", "CRC32C"], ["MaxBurstLength", "999999999"]], POLICY);
  assert.deepEqual(start, before);
});

const policies = fc.record({
  headerDigest: fc.subarray(["CRC32C", "None"], { minLength: 2 }),
  dataDigest: fc.subarray(["CRC32C", "None"], { minLength: 2 }),
  maxRecvDataSegmentLength: fc.integer({ min: 512, max: 0xffffff }),
  taskReporting: fc.constant(["RFC3720"]),
  protocolLevel: fc.integer({ min: 0, max: 31 }),
  maxConnections: fc.integer({ min: 1, max: 65535 }),
  initialR2T: fc.boolean(),
  immediateData: fc.boolean(),
  maxBurstLength: fc.integer({ min: 512, max: 0xffffff }),
  firstBurstLength: fc.integer({ min: 512, max: 0xffffff }),
  defaultTime2Wait: fc.integer({ min: 0, max: 3600 }),
  defaultTime2Retain: fc.integer({ min: 0, max: 3600 }),
  maxOutstandingR2T: fc.integer({ min: 1, max: 65535 }),
  dataPDUInOrder: fc.boolean(),
  dataSequenceInOrder: fc.boolean(),
  errorRecoveryLevel: fc.integer({ min: 0, max: 2 }),
});

Deno.test("an initiator and a target come to the same parameters, whatever each wishes", () => {
  fc.assert(fc.property(policies, policies, fc.boolean(), (ours, theirs, isDiscovery) => {
    const type: Pair = ["SessionType", isDiscovery ? "Discovery" : "Normal"];
    let initiator = noteOffers(beginNegotiation("initiator"), [type]);
    initiator = atStage(initiator, LoginStage.OPERATIONAL_NEGOTIATION);
    const offers = operationalOffers(initiator, ours);
    initiator = noteOffers(initiator, offers);
    const target = atStage(beginNegotiation("target"), LoginStage.OPERATIONAL_NEGOTIATION);
    const answered = negotiate(target, [type, ...offers], theirs);
    assert.equal(answered.error, undefined, answered.error?.message);
    const taken = negotiate(initiator, answered.answers, ours);
    assert.equal(taken.error, undefined, taken.error?.message);
    assert.deepEqual(taken.answers, []);
    const { session, connection } = concludeNegotiation(taken.negotiation);
    assert.deepEqual(session, answered.negotiation.session);
    assert.deepEqual(connection, {
      ...answered.negotiation.connection,
      ownMaxRecvDataSegmentLength: ours.maxRecvDataSegmentLength,
      peerMaxRecvDataSegmentLength: theirs.maxRecvDataSegmentLength,
    });
  }));
});
