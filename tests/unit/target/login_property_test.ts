import assert from "node:assert/strict";
import fc from "fast-check";
import { KEYS } from "../../../lib/iscsi/keys.ts";
import { LOGIN_DATA_LIMIT } from "../../../lib/target/login.ts";
import { ISID, LoginScript, NORMAL, type RequestFields, testNode } from "../../support/login.ts";

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KEYS.map((row) => row.key)) },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z.#+@_-]{0,70}$/) },
);
const value = fc.oneof(
  fc.constantFrom("Yes", "No", "None", "CRC32C,None", "CHAP,None", "Discovery", "Normal", "Reject"),
  fc.constantFrom(
    "0",
    "1",
    "512",
    "262144",
    "0x10000",
    "99999999999",
    "-1",
    "1e3",
    "NotUnderstood",
  ),
  fc.constantFrom(...Object.values(NORMAL)),
  fc.string({ maxLength: 300 }),
);

/** What an initiator may say in the operational stage. */
const GOOD = [
  "HeaderDigest=CRC32C,None",
  "DataDigest=None",
  "MaxRecvDataSegmentLength=65536",
  "InitialR2T=No",
  "ImmediateData=No",
  "MaxConnections=4",
  "ErrorRecoveryLevel=2",
  "X-com.example.other=1",
].map((item) => `${item}\0`);

/** Octets that are mostly text. */
const text = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.subarray(GOOD).map((items) => new TextEncoder().encode(items.join(""))),
  },
  {
    weight: 6,
    arbitrary: fc.array(fc.tuple(key, value), { maxLength: 12 }).map((pairs) => {
      const items = pairs.map(([name, content]) => `${name}=${content}\0`).join("");
      return new TextEncoder().encode(items).subarray(0, LOGIN_DATA_LIMIT);
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

/** A header that is mostly in order. */
const fields: fc.Arbitrary<RequestFields> = fc.record({
  transit: fc.boolean(),
  continue: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
  currentStage: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(0, 1) }, fc.nat(3)),
  nextStage: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(1, 3) }, fc.nat(3)),
  tsih: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.nat(0xffff)),
  cid: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.nat(0xffff)),
  isid: fc.oneof(
    { weight: 20, arbitrary: fc.constant(ISID) },
    fc.uint8Array({ minLength: 6, maxLength: 6 }),
  ),
});

const requests = fc.array(fc.tuple(fields, text), { minLength: 1, maxLength: 6 });
const names = new TextEncoder().encode(
  Object.entries(NORMAL).map(([name, content]) => `${name}=${content}\0`).join(""),
);

Deno.test("Login answers whatever comes with one response, in its place and within its limits", async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.boolean(), async (list, isNamed) => {
      const node = testNode();
      const script = new LoginScript(node);
      let statSN: number | undefined;
      let stage = -1;
      for (const [i, [header, content]] of list.entries()) {
        const data = isNamed && i === 0 ? new Uint8Array([...names, ...content]) : content;
        const answer = await script.sendText(header, data.subarray(0, LOGIN_DATA_LIMIT));
        assert.equal(answer.header.statSN, statSN ?? answer.header.statSN);
        statSN = (answer.header.statSN + 1) >>> 0;
        assert.ok(answer.header.dataSegmentLength <= LOGIN_DATA_LIMIT);
        assert.ok(!answer.header.transit || header.transit, "T only where it was asked for");
        assert.ok(!(answer.header.transit && answer.header.continue));
        assert.equal(answer.status === 0, script.progress !== "refused");
        assert.equal(
          script.progress === "done",
          answer.header.transit && answer.header.nextStage === 3,
        );
        if (answer.header.transit) {
          assert.ok(answer.header.nextStage > stage);
          stage = answer.header.nextStage;
        }
        if (script.progress !== "more") break;
      }
      assert.equal(node.sessions.size, script.progress === "done" ? 1 : 0);
      assert.equal(node.logger.lines.length, script.progress === "more" ? 0 : 1);
    }),
    { numRuns: 400 },
  );
});
