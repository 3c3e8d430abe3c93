import assert from "node:assert/strict";
import { KEYS } from "../../lib/iscsi/keys.ts";
import { atStage, beginNegotiation, negotiate } from "../../lib/iscsi/negotiation.ts";
import type { SessionParameters } from "../../lib/iscsi/parameters.ts";
import { LoginStage } from "../../lib/iscsi/pdu/login_request.ts";
import {
  emitKeyValues,
  KeyValueFault,
  type Pair,
  parseKeyValues,
} from "../../lib/wire/key_values.ts";
import { Chance } from "../support/chance.ts";
import { POLICY } from "../support/negotiation.ts";
import { chooseSeed } from "../support/seeded_random.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_FUZZ_TEXTS=n` makes it longer. */
const TEXTS = Number(Deno.env.get("SANCTL_FUZZ_TEXTS") ?? 20_000);

const LIMITS = { textLength: 4096, pairCount: 64, valueLength: 300 };

const NUMBERS = ["0", "1", "511", "512", "513", "16777215", "16777216", "65535", "65536", "3601"];
const STRANGE = ["-1", "+1", "1e3", " 8 ", "0x200", "0X1fF", "0x", "1.5", "NaN", "9".repeat(40)];
const WORDS = ["Yes", "No", "None", "CRC32C", "CRC32C,None", "None,,CRC32C", ",", "Normal"];
const RESERVED = ["NotUnderstood", "Irrelevant", "Reject", "", "?", "Discovery", "All"];
const VALUES = [...NUMBERS, ...STRANGE, ...WORDS, ...RESERVED, "x".repeat(255), "x".repeat(256)];
const NAMES = [...KEYS.map(({ key }) => key), "__proto__", "constructor", "X-a", "X#b", "toString"];

Deno.test(`A26 A33 A36: ${TEXTS} negotiations end within the bounds of every key`, () => {
  let seed = chooseSeed();
  for (let i = 0; i < TEXTS; i++, seed = (seed + 1) >>> 0) {
    try {
      negotiateOnce(new Chance(seed));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`with SANCTL_TEST_SEED=${seed}: ${reason}`, { cause: error });
    }
  }
});

function negotiateOnce(chance: Chance): void {
  let negotiation = beginNegotiation("target");
  for (let text = chance.between(1, 4); text > 0; text--) {
    const stage = chance.one([
      LoginStage.SECURITY_NEGOTIATION,
      LoginStage.OPERATIONAL_NEGOTIATION,
    ]);
    const pairs = Array.from({ length: chance.below(12) }, (): Pair => {
      return [chance.one(NAMES), chance.one(VALUES)];
    });
    const result = negotiate(atStage(negotiation, stage), pairs, POLICY);
    const offered = new Set(pairs.map(([key]) => key));
    const ours = new Set(KEYS.map(({ key }) => key));
    for (const [key] of result.answers) {
      assert.ok(offered.has(key) || ours.has(key), `${key} was not asked about`);
    }
    emitKeyValues(result.answers); // every answer can be sent
    checkBounds(result.negotiation.session);
    const { peerMaxRecvDataSegmentLength } = result.negotiation.connection;
    assert.ok(peerMaxRecvDataSegmentLength >= 512 && peerMaxRecvDataSegmentLength < 1 << 24);
    if (result.error !== undefined) return;
    negotiation = result.negotiation;
  }
}

function checkBounds(session: SessionParameters): void {
  const bounds: readonly (readonly [keyof SessionParameters, number, number])[] = [
    ["maxConnections", 1, 8],
    ["maxBurstLength", 512, Math.max(POLICY.maxBurstLength, 262_144)],
    ["firstBurstLength", 512, session.maxBurstLength],
    ["maxOutstandingR2T", 1, 8],
    ["defaultTime2Wait", 0, 3600],
    ["defaultTime2Retain", 0, 3600],
    ["errorRecoveryLevel", 0, 0],
  ];
  for (const [name, least, most] of bounds) {
    const value = Number(session[name]);
    assert.ok(value >= least && value <= most, `${name} is ${value}`);
  }
}

Deno.test(`A37 A38 B-06: ${TEXTS} texts are read within their limits, or refused with a reason`, () => {
  let seed = chooseSeed();
  for (let i = 0; i < TEXTS; i++, seed = (seed + 1) >>> 0) {
    const chance = new Chance(seed);
    const text = textOf(chance);
    const pairs = parseKeyValues(text, LIMITS);
    const hint = `SANCTL_TEST_SEED=${seed}`;
    if (pairs instanceof KeyValueFault) {
      assert.ok(pairs.message.length > 0 && pairs.message.length < 200, hint);
      assert.match(pairs.message, /^[\x20-\x7e]*$/, hint);
      continue;
    }
    assert.ok(pairs.length <= LIMITS.pairCount, hint);
    for (const [key, value] of pairs) {
      assert.match(key, /^[A-Za-z0-9.\-+@_#]{1,63}$/, hint);
      assert.ok(value.length <= LIMITS.valueLength, hint);
      assert.ok(!value.includes("\0"), hint);
    }
    assert.deepEqual(parseKeyValues(emitKeyValues(pairs), LIMITS), pairs, hint);
  }
});

/** Nearly a text: names, values, and octets that have no place there. */
function textOf(chance: Chance): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (let i = chance.below(90); i > 0; i--) {
    parts.push(encoder.encode(`${chance.one(NAMES)}=${chance.one(VALUES)}\0`));
    if (chance.in100(5)) parts.push(chance.octets(chance.below(8)));
    if (chance.in100(3)) parts.push(Uint8Array.of(0));
    if (chance.in100(70)) break;
  }
  const text = Uint8Array.from(parts.flatMap((part) => [...part]));
  return chance.in100(20) ? text.subarray(0, chance.below(text.length + 1)) : text;
}
