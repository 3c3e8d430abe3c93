import assert from "node:assert/strict";
import {
  DEFAULT_PORTAL_GROUP_TAG,
  plainAddress,
  portalGroupTagAt,
  targetAddresses,
} from "../../../lib/target/portal.ts";
import { ENDPOINT } from "../../support/login.ts";

Deno.test("plainAddress takes off brackets and the IPv6 wrapping of IPv4 addresses", () => {
  assert.equal(plainAddress("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(plainAddress("[2001:DB8::1]"), "2001:db8::1");
  assert.equal(plainAddress("192.0.2.1"), "192.0.2.1");
});

Deno.test("portalGroupTagAt prefers the portal named exactly to a wildcard", () => {
  const portals = [
    { address: "0.0.0.0", port: 3260, portalGroupTag: 2 },
    { address: "192.0.2.1", port: 3260, portalGroupTag: 3 },
    { address: "::", port: 3261, portalGroupTag: 4 },
  ];
  assert.equal(portalGroupTagAt(portals, "192.0.2.1", 3260), 3);
  assert.equal(portalGroupTagAt(portals, "192.0.2.2", 3260), 2);
  assert.equal(portalGroupTagAt(portals, "2001:db8::1", 3260), DEFAULT_PORTAL_GROUP_TAG);
  assert.equal(portalGroupTagAt(portals, "::ffff:192.0.2.2", 3261), 4);
  assert.equal(portalGroupTagAt(portals, "192.0.2.1", 860), DEFAULT_PORTAL_GROUP_TAG);
});

Deno.test("A81: the way that the peer came is told where no portal is known to lead to it", () => {
  const way = ["192.0.2.1:3260,1"];
  assert.deepEqual(targetAddresses([], ENDPOINT), way);
  const loopback = [{ address: "127.0.0.1", port: 3260, portalGroupTag: 1 }];
  assert.deepEqual(targetAddresses(loopback, ENDPOINT), way);
});

Deno.test("A81: two portals that come to the same address are told once", () => {
  const portals = [
    { address: "0.0.0.0", port: 3260, portalGroupTag: 1 },
    { address: "192.0.2.1", port: 3260, portalGroupTag: 1 },
    { address: "[::]", port: 3260, portalGroupTag: 1 },
  ];
  assert.deepEqual(targetAddresses(portals, ENDPOINT), ["192.0.2.1:3260,1"]);
  const mapped = { ...ENDPOINT, localAddress: "::ffff:192.0.2.1" };
  assert.deepEqual(targetAddresses(portals, mapped), ["192.0.2.1:3260,1"]);
});

Deno.test("A81: a portal behind NAT is told of as it is advertised, with its group", () => {
  const advertised = { host: "san.example.com", port: 13_260 };
  const portals = [
    { address: "192.0.2.1", port: 3260, portalGroupTag: 2, advertised },
    {
      address: "127.0.0.1",
      port: 3260,
      portalGroupTag: 3,
      advertised: { host: "2001:db8::7", port: 1 },
    },
  ];
  const told = ["san.example.com:13260,2", "[2001:db8::7]:1,3"];
  assert.deepEqual(targetAddresses(portals, ENDPOINT), told);
});

Deno.test("A81: an address that a portal names has that portal's group, not a wildcard's", () => {
  const portals = [
    { address: "::", port: 3260, portalGroupTag: 1 },
    { address: "192.0.2.1", port: 3260, portalGroupTag: 2 },
    { address: "198.51.100.1", port: 3260, portalGroupTag: 3 },
  ];
  const told = ["192.0.2.1:3260,2", "198.51.100.1:3260,3"];
  assert.deepEqual(targetAddresses(portals, ENDPOINT), told);
  const elsewhere = { ...ENDPOINT, localAddress: "203.0.113.1" };
  assert.deepEqual(targetAddresses(portals, elsewhere), ["203.0.113.1:3260,1", ...told]);
});
