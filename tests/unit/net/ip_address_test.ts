import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatIpAddress,
  isSameAddress,
  parseIpAddress,
  parsePeerAddress,
} from "../../../lib/net/ip_address.ts";

function normal(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address && formatIpAddress(address);
}

Deno.test("parseIpAddress reads every plain spelling of an address as the same one", () => {
  const table: [text: string, expected: string][] = [
    ["0.0.0.0", "0.0.0.0"],
    ["192.0.2.255", "192.0.2.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["2001:0db8:0000:0000:0000:0000:0000:000a", "2001:db8::a"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:0:0:3:4", "1::2:0:0:3:4"],
    ["1::", "1::"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["::192.0.2.1", "::c000:201"],
  ];
  for (const [text, expected] of table) assert.equal(normal(text), expected, text);
});

Deno.test("B-55: an IPv4 address that IPv6 wraps is that address, however it is written", () => {
  for (
    const text of [
      "::ffff:10.0.0.1",
      "::FFFF:10.0.0.1",
      "::ffff:a00:1",
      "0:0:0:0:0:ffff:10.0.0.1",
      "0000:0000:0000:0000:0000:FFFF:0A00:0001",
    ]
  ) assert.equal(normal(text), "10.0.0.1", text);
  assert.equal(normal("::ffff:0:10.0.0.1"), "::ffff:0:a00:1"); // another format altogether
});

Deno.test("B-55: what programs read in different ways is no address", () => {
  const refused = [
    ...["010.0.0.1", "10.00.0.1", "10.0.0.01", "0x0a.0.0.1", "0x7f000001", "2130706433"],
    ...["10.1", "10.0.1", "10.0.0.1.", ".10.0.0.1", "10.0.0.256", "10.0.0.-1", " 10.0.0.1"],
    ...["10.0.0.1 ", "10.0.0.1\n", "10.0.0.１", "10,0,0,1", "1e1.0.0.1", "10.0.0", "", "."],
    ...["::1%lo", "fe80::1%eth0", "fe80::1%25eth0", "[::1]", ":", ":::", "1:2", "::1::"],
    ...["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1:2:3:4:5:6:7:8", "12345::", "::g", "::0x1"],
    ...["::10.0.0.1:1", "1.2.3.4::", "::ffff:10.0.0.01", "::ffff:10.1", "1:2:3:4:5:6:7:1.2.3.4"],
  ];
  for (const text of refused) assert.equal(parseIpAddress(text), undefined, JSON.stringify(text));
});

Deno.test("B-55: parsePeerAddress leaves out brackets and zone, which are no part of an address", () => {
  const table: [text: string, expected: string][] = [
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%eth0]", "fe80::1"],
    ["::ffff:10.0.0.1%2", "10.0.0.1"],
    ["[::1]", "::1"],
    ["10.0.0.1", "10.0.0.1"],
  ];
  for (const [text, expected] of table) {
    assert.equal(formatIpAddress(parsePeerAddress(text)!), expected, text);
  }
  assert.equal(parsePeerAddress("somewhere"), undefined);
});

Deno.test("Every address has one spelling, which reads back as itself", () => {
  const octets = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
      .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
  );
  fc.assert(fc.property(octets, (address) => {
    const text = formatIpAddress(address);
    const back = parseIpAddress(text)!;
    const isWrapped = back.length !== address.length;
    assert.ok(isSameAddress(back, isWrapped ? address.slice(12) : address), text);
    // The platform agrees on how IPv6 is written, wrapped IPv4 apart.
    if (address.length === 16 && !isWrapped) {
      assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }
  }));
});
