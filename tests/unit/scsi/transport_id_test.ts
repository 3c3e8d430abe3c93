import assert from "node:assert/strict";
import fc from "fast-check";
import {
  emitTransportId,
  initiatorNameOf,
  MOST_TRANSPORT_ID_OCTETS,
  parseTransportId,
} from "../../../lib/scsi/transport_id.ts";

const PORT = "iqn.2026-01.org.example:h,i,0x00023d000001";

/** A TransportID of the text, put together by hand. */
function transportId(first: number, text: string, additionalLength?: number): Uint8Array {
  const length = additionalLength ?? Math.max(20, (text.length + 4) & ~3);
  const octets = new Uint8Array(4 + length);
  octets.set([first, 0, length >>> 8, length & 0xff]);
  octets.set(new TextEncoder().encode(text), 4);
  return octets;
}

Deno.test("emitTransportId: format 01b, protocol 5, the port's name, zeros to a whole word", () => {
  const octets = emitTransportId(PORT);
  assert.equal(octets[0], 0x45);
  assert.equal((octets[2]! << 8) | octets[3]!, octets.length - 4);
  assert.equal(octets.length % 4, 0);
  assert.equal(new TextDecoder().decode(octets.subarray(4, 4 + PORT.length)), PORT);
  assert.ok(octets.subarray(4 + PORT.length).every((octet) => octet === 0));
  assert.ok(octets.length > 4 + PORT.length, "there is a terminator");
});

Deno.test("emitTransportId: a name that fills its words still gets a terminator, a short one 20 octets", () => {
  assert.equal(emitTransportId("x".repeat(24)).length, 4 + 28);
  assert.equal(emitTransportId("iqn.2026-01.a,i,0x1").length, 4 + 20);
});

Deno.test("parseTransportId: the name of a port and the name of a device", () => {
  assert.deepEqual(parseTransportId(transportId(0x45, PORT), 0), {
    initiatorName: "iqn.2026-01.org.example:h",
    initiatorPort: PORT,
    length: transportId(0x45, PORT).length,
  });
  assert.deepEqual(parseTransportId(transportId(0x05, "iqn.2026-01.org.example:h"), 0), {
    initiatorName: "iqn.2026-01.org.example:h",
    initiatorPort: undefined,
    length: 4 + 28,
  });
});

Deno.test("parseTransportId: names are lower case, and an ISID has twelve digits", () => {
  const id = parseTransportId(transportId(0x45, "IQN.2026-01.org.Example:H,i,0x23D000001"), 0);
  assert.equal(id?.initiatorPort, "iqn.2026-01.org.example:h,i,0x00023d000001");
});

Deno.test("parseTransportId: what names no iSCSI initiator is refused", () => {
  const bad: [string, Uint8Array][] = [
    ["another protocol", transportId(0x46, PORT)],
    ["a format that does not exist", transportId(0x85, PORT)],
    ["a port without an ISID", transportId(0x45, "iqn.2026-01.org.example:h")],
    ["a device with an ISID", transportId(0x05, PORT)],
    ["an ISID that is too long", transportId(0x45, "iqn.2026-01.a:h,i,0x0123456789abc")],
    ["an ISID that is no number", transportId(0x45, "iqn.2026-01.a:h,i,0xvvv")],
    ["no name", transportId(0x05, "")],
    ["a length of no whole words", transportId(0x45, PORT, 50)],
    ["fewer than 20 octets", transportId(0x05, "iqn.a", 16)],
    ["no terminator", transportId(0x05, "iqn.2026-01.org.exam", 20)],
    ["something after the terminator", transportId(0x05, "iqn.2026-01.a\0x", 20)],
    ["no UTF-8", Uint8Array.from([5, 0, 0, 20, 0xc0, 0x80, ...new Array(18).fill(0)])],
    ["a cut header", Uint8Array.from([0x45, 0, 0])],
    ["a cut name", transportId(0x45, PORT).subarray(0, 30)],
  ];
  for (const [what, octets] of bad) assert.equal(parseTransportId(octets, 0), undefined, what);
});

Deno.test("A148: a TransportID that was emitted is parsed to the same name, wherever it stands", () => {
  const name = fc.stringMatching(/^iqn\.2026-01\.[a-z0-9.:-]{1,200}$/);
  const isid = fc.stringMatching(/^[0-9a-f]{12}$/);
  fc.assert(fc.property(name, isid, fc.nat(9), (initiatorName, digits, at) => {
    const initiatorPort = `${initiatorName},i,0x${digits}`;
    const id = emitTransportId(initiatorPort);
    assert.ok(id.length <= MOST_TRANSPORT_ID_OCTETS);
    const octets = new Uint8Array(at + id.length + 3).fill(0xa5);
    octets.set(id, at);
    const expected = { initiatorName, initiatorPort, length: id.length };
    assert.deepEqual(parseTransportId(octets, at), expected);
    assert.equal(initiatorNameOf(initiatorPort), initiatorName);
  }));
});

Deno.test("parseTransportId: never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (octets, at) => {
    const id = parseTransportId(octets, at);
    assert.ok(id === undefined || at + id.length <= octets.length);
  }));
});
