import assert from "node:assert/strict";
import { parsePeerAddress } from "../../../lib/net/ip_address.ts";
import { hardwareAddressIn, parseArp, parseIpNeighbour } from "../../../lib/net/neighbours.ts";

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
192.0.2.2        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.3        0x1         0x6         02:fc:00:00:00:07     *        eth1
192.0.2.4        0x20        0x2         80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0b:0e:f6  *  ib0
`;

const NEIGHBOURS = `2001:db8::1 dev eth0 lladdr 02:fc:00:00:00:05 router REACHABLE
2001:db8::2 dev eth0 FAILED
2001:db8::3 dev eth0 lladdr 02:fc:00:00:00:07 STALE
2001:db8::4 dev eth0  INCOMPLETE
fe80::1 dev eth0 lladdr 02:fc:00:00:00:05 DELAY
fe80::1 dev eth1 lladdr 02:fc:00:00:00:09 STALE
`;

function find(text: string, address: string): string {
  const table = address.includes(":") ? parseIpNeighbour(text) : parseArp(text);
  return hardwareAddressIn(table, parsePeerAddress(address)!);
}

Deno.test("The neighbours are read from the kernel's tables, those alone that it knows", () => {
  assert.equal(find(ARP, "192.0.2.1"), "02-FC-00-00-00-05");
  assert.equal(find(ARP, "192.0.2.3"), "02-FC-00-00-00-07");
  assert.equal(find(NEIGHBOURS, "2001:db8::1"), "02-FC-00-00-00-05");
  assert.equal(find(NEIGHBOURS, "2001:db8:0::3"), "02-FC-00-00-00-07");
  for (const [text, address] of [[ARP, "192.0.2.2"], [ARP, "192.0.2.4"], [ARP, "198.51.100.1"]]) {
    assert.throws(() => find(text!, address!), /is not on a network of this machine/, address);
  }
  for (const address of ["2001:db8::2", "2001:db8::4", "2001:db8::9"]) {
    assert.throws(() => find(NEIGHBOURS, address), /is not on a network/, address);
  }
  assert.throws(() => find("", "192.0.2.1"), /is not on a network/);
});

Deno.test("A neighbour that may be one of two hosts is neither, and loopback has no adapter", () => {
  assert.throws(() => find(NEIGHBOURS, "fe80::1"), /on several networks: 02-FC-\S+ 02-FC-/);
  for (const address of ["127.0.0.1", "127.1.2.3", "::1"]) {
    assert.throws(() => find(ARP, address), /from this machine/, address);
  }
});
