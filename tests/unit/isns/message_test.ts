import assert from "node:assert/strict";
import fc from "fast-check";
import { attribute, DELIMITER, empty } from "../../../lib/isns/attribute.ts";
import { answerTo, FunctionId } from "../../../lib/isns/function_id.ts";
import { IsnsFault } from "../../../lib/isns/isns_fault.ts";
import { ISNS_LIMITS } from "../../../lib/isns/limits.ts";
import { emitMessage, type Message } from "../../../lib/isns/message.ts";
import { MessageReader } from "../../../lib/isns/message_reader.ts";
import { isnsBuffers } from "../../../lib/isns/server_session.ts";
import { parseIpAddress } from "../../../lib/net/ip_address.ts";
import { Inbox } from "../../../lib/wire/inbox.ts";
import { readFixture } from "../../support/codec.ts";

const QUESTION: Message = {
  functionId: FunctionId.DevAttrQry,
  transactionId: 7,
  replaces: false,
  attributes: [attribute("iscsiName", "iqn.2026-01.x:a"), DELIMITER, empty("iscsiName")],
};

/** Reads what comes in pieces of these lengths, and in one for the rest. */
function read(octets: Uint8Array, cuts: readonly number[] = [], limits = ISNS_LIMITS): Message[] {
  const inbox = new Inbox(64, isnsBuffers());
  inbox.borrows = false;
  const reader = new MessageReader(inbox, limits);
  const messages: Message[] = [];
  let at = 0;
  for (const cut of [...cuts, octets.length]) {
    const end = Math.min(octets.length, at + cut);
    while (at < end) {
      const space = inbox.space();
      const part = octets.subarray(at, Math.min(end, at + space.length));
      space.set(part);
      inbox.fill(part.length);
      at += part.length;
      for (let next = reader.next(); next !== undefined; next = reader.next()) messages.push(next);
    }
  }
  return messages;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A message long enough for three PDUs. */
function longMessage(): Message {
  const attributes = Array.from({ length: 8000 }, (_, at) => attribute("portalIndex", at));
  attributes.push(...Array.from({ length: 300 }, () => attribute("iscsiAlias", "a".repeat(200))));
  return { ...QUESTION, attributes };
}

Deno.test("MessageReader reads a registration of isnsadm as it was captured", async () => {
  const name = "iqn.2026-01.test:t1";
  const address = parseIpAddress("127.0.0.1")!;
  assert.deepEqual(read(await readFixture("isns/isnsadm_registration.hex")), [{
    functionId: FunctionId.DevAttrReg,
    transactionId: 1,
    replaces: false,
    attributes: [
      attribute("iscsiName", name),
      empty("entityIdentifier"),
      DELIMITER,
      attribute("iscsiName", name),
      attribute("iscsiNodeType", 1),
      attribute("iscsiAlias", "hello"),
      attribute("portalAddress", address),
      attribute("portalPort", 3260),
      attribute("portalGroupName", name),
      attribute("portalGroupAddress", address),
      attribute("portalGroupPort", 3260),
      attribute("portalGroupTag", 7),
    ],
  }]);
});

Deno.test("MessageReader reads the answer of isnsd as it was captured", async () => {
  const [answer] = read(await readFixture("isns/isnsd_answer.hex"));
  assert.equal(answer!.functionId, answerTo(FunctionId.DevAttrReg));
  assert.equal(answer!.status, 0);
  assert.deepEqual(answer!.attributes.slice(0, 5), [
    attribute("entityIdentifier", "isns.entity.0001"),
    DELIMITER,
    attribute("entityIdentifier", "isns.entity.0001"),
    attribute("entityProtocol", 2),
    attribute("registrationPeriod", 600),
  ]);
});

Deno.test("MessageReader reads messages however they are cut", () => {
  const octets = concat(emitMessage(QUESTION, "client"), emitMessage(longMessage(), "client"));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 }), (cuts) => {
      assert.deepEqual(read(octets, cuts), [QUESTION, longMessage()]);
    }),
    { numRuns: 20 },
  );
  const short = emitMessage(QUESTION, "client");
  assert.deepEqual(read(short, Array(short.length).fill(1)), [QUESTION]);
});

Deno.test("emitMessage makes several PDUs of a long message, numbered from 0", () => {
  const octets = emitMessage(longMessage(), "client");
  const flags: string[] = [];
  for (let at = 0; at < octets.length;) {
    const view = new DataView(octets.buffer, at);
    flags.push(`${view.getUint16(10)} ${(view.getUint16(6) & 0x0c00).toString(16)}`);
    at += 12 + view.getUint16(4);
  }
  assert.deepEqual(flags, ["0 400", "1 0", "2 800"]);
});

Deno.test("MessageReader reads past a signature", () => {
  const octets = concat(emitMessage(QUESTION, "server"), new Uint8Array(32));
  const view = new DataView(octets.buffer);
  view.setUint16(6, view.getUint16(6) | 0x2000);
  view.setUint32(octets.length - 32 + 4, 32);
  assert.deepEqual(read(concat(octets, emitMessage(QUESTION, "server")), [3, 9, 30]), [
    QUESTION,
    QUESTION,
  ]);
  view.setUint32(octets.length - 32 + 4, 0xffff_ffff);
  assert.throws(() => read(octets), /a signature of 4294967295 octets/);
});

Deno.test("MessageReader tells of a refusal without what goes with it", () => {
  const octets = emitMessage({
    functionId: answerTo(FunctionId.DevAttrReg),
    transactionId: 1,
    status: 3,
    attributes: [attribute("iscsiAlias", "x")],
  }, "server");
  octets[octets.length - 5] = 0xff; // a length that leads nowhere
  const [answer] = read(octets);
  assert.equal(answer!.status, 3);
  assert.deepEqual(answer!.attributes, []);
});

Deno.test("MessageReader refuses PDUs that belong to no message", () => {
  const set = (at: number, value: number, octets = emitMessage(QUESTION, "client")) => {
    new DataView(octets.buffer).setUint16(at, value);
    return octets;
  };
  const cases: readonly [Uint8Array, RegExp][] = [
    [set(0, 2), /version 2 is none of iSNS/],
    [set(4, 3), /a PDU is not aligned/],
    [set(6, 0x8800), /PDU 0 says that it is not first/],
    [set(10, 1), /PDU 1 says that it is first/],
    [set(10, 1, set(6, 0x8800)), /a message begins before the last one ends/],
    [concat(set(6, 0x8400), emitMessage(QUESTION, "client")), /before the last one ends/],
    [concat(set(6, 0x8400), set(10, 2, set(6, 0x8800))), /a PDU belongs to no message/],
    [concat(set(6, 0x8400), set(8, 9, set(10, 1, set(6, 0x8800)))), /belongs to no message/],
    [concat(set(6, 0x8400), set(2, 3, set(10, 1, set(6, 0x8800)))), /belongs to no message/],
    [set(2, 0x8002, set(4, 0)).subarray(0, 12), /an answer has no status/],
  ];
  for (const [octets, message] of cases) assert.throws(() => read(octets), message);
});

Deno.test("B-24: MessageReader throws nothing but faults, whatever it is given", () => {
  const header = fc.constantFrom("00010001", "00018002", "00010008").map((hex) =>
    Uint8Array.fromHex(`${hex}00100c0000010000`)
  );
  const any = fc.array(fc.oneof(header, fc.uint8Array({ maxLength: 60 })), { maxLength: 6 });
  fc.assert(
    fc.property(any, (parts) => {
      try {
        read(concat(...parts));
      } catch (error) {
        assert.ok(error instanceof IsnsFault, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("MessageReader holds so much of a message and no more", () => {
  const octets = emitMessage(longMessage(), "client");
  const length = octets.length - 3 * 12;
  const messageLength = (most: number) => ({ ...ISNS_LIMITS, messageLength: most });
  assert.equal(read(octets, [], messageLength(length)).length, 1);
  assert.throws(() => read(octets, [], messageLength(length - 1)), /more than .* octets/);
  assert.throws(() => read(octets, [], { ...ISNS_LIMITS, messagePdus: 2 }), /more than .* octets/);
});
