import assert from "node:assert/strict";
import { hostAndPort, parseTargetAddress } from "../../../lib/iscsi/portal_address.ts";

Deno.test("parseTargetAddress takes names and addresses, with and without port and group", () => {
  const cases: [string, string, number, number | undefined][] = [
    ["192.0.2.1:3260,1", "192.0.2.1", 3260, 1],
    ["192.0.2.1", "192.0.2.1", 3260, undefined],
    ["san.example:860", "san.example", 860, undefined],
    ["[2001:db8::1]:3260,65535", "2001:db8::1", 3260, 65535],
    ["[fe80::1%eth0]", "fe80::1%eth0", 3260, undefined],
  ];
  for (const [text, host, port, portalGroupTag] of cases) {
    assert.deepEqual(parseTargetAddress(text), { host, port, portalGroupTag }, text);
  }
});

Deno.test("A82: parseTargetAddress refuses what is no address", () => {
  const wrong = [
    ...["", ":3260", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:3260,"],
    ...["192.0.2.1:3260,70000", "192.0.2.1:3260,1,2", "[2001:db8::1", "2001:db8::1", "[1]"],
    ...["a b", "a/b", "x\\u0000", "a".repeat(254), " 192.0.2.1"],
  ];
  for (const text of wrong) {
    assert.equal(parseTargetAddress(text), undefined, text);
  }
});

Deno.test("hostAndPort puts IPv6 in brackets", () => {
  assert.equal(hostAndPort("192.0.2.1", 3260), "192.0.2.1:3260");
  assert.equal(hostAndPort("2001:db8::1", 3260), "[2001:db8::1]:3260");
});
