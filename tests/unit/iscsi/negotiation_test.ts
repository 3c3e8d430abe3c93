import assert from "node:assert/strict";
import { KEYS } from "../../../lib/iscsi/keys.ts";
import {
  atStage,
  beginNegotiation,
  negotiate,
  renegotiate,
} from "../../../lib/iscsi/negotiation.ts";
import { SESSION_DEFAULTS } from "../../../lib/iscsi/parameters.ts";
import { LoginStage } from "../../../lib/iscsi/pdu/login_request.ts";
import type { Pair } from "../../../lib/wire/key_values.ts";
import {
  after,
  answer,
  declared,
  failure,
  pairsOf,
  POLICY,
  security,
  textOf,
} from "../../support/negotiation.ts";

Deno.test("A26: negotiate answers NotUnderstood to each unknown key, and goes on", () => {
  assert.equal(
    answer("X-com.example.a=1 ImmediateData=Yes Z-b=2 Foo=3 X#other=4"),
    "X-com.example.a=NotUnderstood ImmediateData=Yes Z-b=NotUnderstood Foo=NotUnderstood " +
      "X#other=NotUnderstood",
  );
});

Deno.test("A26: negotiate answers every offer once, in the order of the offers", () => {
  const offers =
    "FirstBurstLength=65536 InitialR2T=No MaxBurstLength=262144 Foo=1 HeaderDigest=None";
  assert.equal(
    answer(offers),
    offers.replace("Foo=1", "Foo=NotUnderstood"),
  );
});

Deno.test("A26: negotiate answers no declaration", () => {
  assert.equal(
    answer("InitiatorName=iqn.x InitiatorAlias=a SessionType=Normal MaxRecvDataSegmentLength=512"),
    "",
  );
});

Deno.test("A27: negotiate rejects values that are not admissible, and fails the login", () => {
  const bad = [
    ...[
      "MaxConnections=0",
      "MaxConnections=65536",
      "MaxBurstLength=511",
      "MaxBurstLength=16777216",
    ],
    ...["FirstBurstLength=511", "MaxOutstandingR2T=0", "DefaultTime2Wait=3601"],
    ...["DefaultTime2Retain=3601", "ErrorRecoveryLevel=3", "InitialR2T=yes", "ImmediateData=1"],
    ...["DataPDUInOrder=", "HeaderDigest=", "HeaderDigest=MD5", "DataDigest=crc32c"],
    ...["TaskReporting=FastAbort", "iSCSIProtocolLevel=32", "MaxBurstLength=1e6"],
  ];
  for (const offer of bad) {
    const [key] = offer.split("=");
    assert.equal(textOf(failure(offer).answers), `${key}=Reject`);
  }
});

Deno.test("A27: negotiate fails on a declaration that is not admissible", () => {
  for (const length of ["511", "16777216", "", "-1", "8e3"]) {
    failure(`MaxRecvDataSegmentLength=${length}`);
  }
  failure("SessionType=normal");
  failure(`InitiatorName=${"x".repeat(224)}`);
  failure(`InitiatorAlias=${"x".repeat(256)}`);
});

Deno.test("A27: FirstBurstLength is irrelevant where no data may come unasked", () => {
  const none = "InitialR2T=Yes ImmediateData=No";
  assert.equal(
    answer(`FirstBurstLength=65536 ${none}`),
    `FirstBurstLength=Irrelevant ${none}`,
  );
  assert.equal(answer("FirstBurstLength=65536", {}, after(none)), "FirstBurstLength=Irrelevant");
});

Deno.test("A27: negotiate calls irrelevant what discovery sessions have no use for", () => {
  const irrelevant = [
    ...["MaxConnections=1", "InitialR2T=Yes", "ImmediateData=Yes", "MaxBurstLength=262144"],
    ...["FirstBurstLength=65536", "MaxOutstandingR2T=1", "DataPDUInOrder=Yes"],
    ...["DataSequenceInOrder=Yes", "TaskReporting=RFC3720", "iSCSIProtocolLevel=1"],
  ];
  for (const offer of irrelevant) {
    const [key] = offer.split("=");
    assert.equal(answer(`${offer} SessionType=Discovery`), `${key}=Irrelevant`);
  }
  const relevant = "HeaderDigest=None DefaultTime2Wait=2 DefaultTime2Retain=0 ErrorRecoveryLevel=0";
  assert.equal(answer(`SessionType=Discovery ${relevant}`), relevant);
});

Deno.test("A28: negotiate refuses an offer of a word that is an answer", () => {
  for (const word of ["NotUnderstood", "Irrelevant", "Reject"]) {
    for (const key of ["MaxBurstLength", "HeaderDigest", "InitialR2T", "InitiatorAlias", "X-a"]) {
      const { answers } = failure(`${key}=${word}`);
      assert.deepEqual(answers, []);
    }
  }
});

Deno.test("A28: negotiate takes such a word as the answer to what we declared", () => {
  for (const word of ["NotUnderstood", "Irrelevant", "Reject"]) {
    const negotiation = after(`MaxRecvDataSegmentLength=${word}`);
    assert.equal(negotiation.connection.peerMaxRecvDataSegmentLength, 8192);
  }
});

Deno.test("A29: negotiate refuses a key that comes twice in one text", () => {
  for (const key of KEYS.filter(({ senders }) => senders !== "target").map(({ key }) => key)) {
    failure(`${key}=1 ${key}=1`);
  }
  failure("X-a=1 X-a=1");
});

Deno.test("A29: negotiate refuses a key that comes again in a later text or stage", () => {
  failure("MaxBurstLength=512", after("MaxBurstLength=512"));
  failure("MaxRecvDataSegmentLength=512", after("MaxRecvDataSegmentLength=512"));
  failure("X-a=1", after("X-a=1"));
  const named = after("InitiatorName=iqn.x", {}, security);
  failure("InitiatorName=iqn.x", atStage(named, LoginStage.OPERATIONAL_NEGOTIATION));
});

Deno.test("A29: negotiate changes only the keys of any time in full feature phase", () => {
  const before = after("MaxBurstLength=65536 MaxRecvDataSegmentLength=512");
  const full = renegotiate(before);
  const negotiated = negotiate(
    full,
    pairsOf("MaxRecvDataSegmentLength=4096 MaxBurstLength=512 HeaderDigest=CRC32C AuthMethod=None"),
    POLICY,
  );
  assert.equal(negotiated.error, undefined);
  assert.equal(
    textOf(negotiated.answers),
    "MaxBurstLength=Reject HeaderDigest=Reject AuthMethod=Reject",
  );
  assert.deepEqual(negotiated.others, []);
  assert.deepEqual(negotiated.negotiation.session, before.session);
  assert.deepEqual(negotiated.negotiation.connection, {
    ...before.connection,
    peerMaxRecvDataSegmentLength: 4096,
  });
});

Deno.test("negotiate hands SendTargets to its caller, in full feature phase only", () => {
  assert.deepEqual(negotiate(renegotiate(declared), pairsOf("SendTargets=All"), POLICY).others, [
    ["SendTargets", "All"],
  ]);
  failure("SendTargets=All");
});

Deno.test("A38: names of object members are unknown keys", () => {
  assert.equal(
    answer("__proto__=1 constructor=2 toString=3"),
    "__proto__=NotUnderstood constructor=NotUnderstood toString=NotUnderstood",
  );
});

Deno.test("A39: obsolete keys are answered, and the login goes on", () => {
  assert.equal(
    answer("IFMarker=No OFMarker=Yes OFMarkInt=2048~2048 IFMarkInt=1 ImmediateData=Yes"),
    "IFMarker=No OFMarker=No OFMarkInt=Reject IFMarkInt=Reject ImmediateData=Yes",
  );
});

Deno.test("A40: identity keys are taken in security and in operational stage", () => {
  const identity = "SessionType=Normal InitiatorName=iqn.x TargetName=iqn.y InitiatorAlias=a";
  for (const stage of [security, declared]) {
    const negotiation = after(identity, {}, stage);
    assert.equal(negotiation.settled.get("InitiatorName"), "iqn.x");
    assert.equal(negotiation.settled.get("TargetName"), "iqn.y");
  }
});

Deno.test("A40: TaskReporting, iSCSIProtocolLevel and X#NodeArchitecture are understood", () => {
  assert.equal(
    answer("TaskReporting=FastAbort,RFC3720 iSCSIProtocolLevel=2 X#NodeArchitecture=linux"),
    "TaskReporting=RFC3720 iSCSIProtocolLevel=1",
  );
});

Deno.test("A42: negotiate answers no AuthMethod itself: its caller decides", () => {
  const offer = pairsOf("InitiatorName=iqn.x AuthMethod=CHAP,None CHAP_A=5,7");
  const { others, answers, negotiation } = negotiate(security, offer, POLICY);
  assert.deepEqual(others, [["AuthMethod", "CHAP,None"], ["CHAP_A", "5,7"]]);
  assert.deepEqual(answers, []);
  assert.equal(negotiation.settled.get("CHAP_A"), "", "secrets are not kept");
  failure("AuthMethod=None");
  failure("CHAP_R=0x00");
});

Deno.test("negotiate refuses operational keys in security stage", () => {
  for (const offer of ["MaxBurstLength=512", "HeaderDigest=None", "IFMarker=No"]) {
    failure(offer, security);
  }
});

Deno.test("negotiate refuses what only a target may say", () => {
  for (const offer of ["TargetAlias=a", "TargetAddress=127.0.0.1", "TargetPortalGroupTag=1"]) {
    failure(offer);
  }
});

Deno.test("A43: a refused text leaves no trace", () => {
  const before = structuredClone(declared);
  const { negotiation } = failure("MaxConnections=4 HeaderDigest=CRC32C Foo=1 MaxBurstLength=1");
  assert.deepEqual(negotiation, before);
  assert.deepEqual(declared, before);
});

Deno.test("A43: two negotiations from one start know nothing of each other", () => {
  const before = structuredClone(declared);
  after("MaxBurstLength=512 HeaderDigest=CRC32C InitialR2T=No X-a=1");
  assert.deepEqual(declared, before);
  assert.deepEqual(after("").session, SESSION_DEFAULTS);
});

Deno.test("a further connection keeps the session's parameters and negotiates its own", () => {
  const { session } = after("MaxBurstLength=65536 InitialR2T=No");
  const joining = atStage(beginNegotiation("target", session), LoginStage.OPERATIONAL_NEGOTIATION);
  const joined = after("HeaderDigest=CRC32C MaxRecvDataSegmentLength=4096", {}, joining);
  assert.deepEqual(joined.session, session);
  assert.equal(joined.connection.headerDigest, true);
  assert.equal(
    textOf(negotiate(joining, pairsOf("MaxBurstLength=131072"), POLICY).answers),
    "MaxBurstLength=65536 MaxRecvDataSegmentLength=262144",
  );
  failure("MaxBurstLength=32768", joining);
  failure("SessionType=Discovery", joining);
});

Deno.test("A26: negotiate answers each of a thousand unknown keys", () => {
  const pairs = Array.from({ length: 1024 }, (_, i): Pair => [`X-${i}`, "1"]);
  assert.equal(negotiate(declared, pairs, POLICY).answers.length, 1024);
});
