import assert from "node:assert/strict";
import { parsePeerAddress } from "../../../lib/net/ip_address.ts";
import { IpRange, IpRangeError } from "../../../lib/net/ip_range.ts";

Deno.test("B-55: IpRange contains what its octets say, whatever the addresses look like", () => {
  const table: [range: string, inside: string[], outside: string[]][] = [
    ["10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1"], ["10.0.0.2", "::10.0.0.1"]],
    ["10.0.0.0/8", ["10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "a00::"]],
    ["10.0.0.128/25", ["10.0.0.128", "10.0.0.255"], ["10.0.0.127", "10.0.1.128"]],
    ["10.0.0.2/31", ["10.0.0.2", "10.0.0.3"], ["10.0.0.1", "10.0.0.4"]],
    ["0.0.0.0/0", ["255.1.2.3", "::ffff:0.0.0.1"], ["::1", "::"]],
    ["::/0", ["::1", "2001:db8::1"], ["10.0.0.1", "::ffff:10.0.0.1"]],
    ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "32.1.13.184"]],
    ["fe80::/10", ["fe80::1%eth0", "[febf::1]"], ["fec0::1"]],
    ["::ffff:10.0.0.0/104", ["10.1.2.3"], ["11.0.0.1"]],
  ];
  for (const [text, inside, outside] of table) {
    const range = IpRange.parse(text);
    for (const each of inside) assert.ok(range.contains(parsePeerAddress(each)!), each);
    for (const each of outside) assert.ok(!range.contains(parsePeerAddress(each)!), each);
  }
});

Deno.test("IpRange has one spelling; a whole prefix is the address alone", () => {
  const table: [text: string, expected: string][] = [
    ["10.0.0.1/32", "10.0.0.1"],
    ["::FFFF:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:10.0.0.1/128", "10.0.0.1"],
    ["2001:DB8:0:0::/32", "2001:db8::/32"],
    ["2001:db8::1/128", "2001:db8::1"],
  ];
  for (const [text, expected] of table) {
    const range = IpRange.parse(text);
    assert.equal(`${range}`, expected);
    assert.equal(range.isSingle, !expected.includes("/"));
  }
});

Deno.test("IpRange refuses what is none, and says what is wrong with it", () => {
  const table: [text: string, why: RegExp][] = [
    ["10.0.0.5/24", /the network is 10\.0\.0\.0\/24, the host 10\.0\.0\.5/],
    ["2001:db8::1/64", /the network is 2001:db8::\/64/],
    ["10.0.0.0/33", /0 to 32 bits/],
    ["10.0.0.0/-1", /0 to 32 bits/],
    ["10.0.0.0/08", /0 to 32 bits/],
    ["10.0.0.0/", /0 to 32 bits/],
    ["10.0.0.0/8/8", /0 to 32 bits/],
    ["2001:db8::/129", /0 to 128 bits/],
    ["::ffff:0.0.0.0/95", /0 to 32 bits/],
    ["010.0.0.1", /leading zeros/],
    ["0x0a.0.0.1", /hexadecimal/],
    ["fe80::1%eth0", /zone/],
    ["10.0.0.256", /no IP address/],
    ["/8", /no IP address/],
  ];
  for (const [text, why] of table) {
    assert.throws(
      () => IpRange.parse(text),
      (error: unknown) => {
        assert.ok(error instanceof IpRangeError);
        assert.match(error.message, why, text);
        return true;
      },
    );
  }
});
