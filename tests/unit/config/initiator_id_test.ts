import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import {
  checkInitiatorIds,
  isInitiatorId,
  severalInitiators,
} from "../../../lib/config/initiator_id.ts";

Deno.test("checkInitiatorIds puts identifiers in one spelling, each once", () => {
  assert.deepEqual(
    checkInitiatorIds([
      "iqn:iqn.1991-05.com.Microsoft:Mail1",
      "iqn.1991-05.com.microsoft:mail1",
      "eui.02004567A425678D",
      "any",
    ]),
    ["iqn:iqn.1991-05.com.microsoft:mail1", "iqn:eui.02004567a425678d", "any"],
  );
});

Deno.test("checkInitiatorIds knows an address, an adapter and a host by their looks", () => {
  const table: [given: string, stored: string][] = [
    ["192.0.2.7", "ip:192.0.2.7"],
    ["192.0.2.0/24", "ip:192.0.2.0/24"],
    ["2001:DB8::7", "ip:2001:db8::7"],
    ["::1", "ip:::1"],
    ["fe80::/10", "ip:fe80::/10"],
    ["::ffff:192.0.2.7", "ip:192.0.2.7"],
    ["00-15-17-0B-0E-F6", "mac:00-15-17-0B-0E-F6"],
    ["00:15:17:0b:0e:f6", "mac:00-15-17-0B-0E-F6"],
    ["Mail1.Example.com", "dns:mail1.example.com"],
    ["dns:mail1", "dns:mail1"],
  ];
  for (const [given, stored] of table) {
    assert.deepEqual(checkInitiatorIds([given]), [stored], given);
  }
});

Deno.test("B-55: checkInitiatorIds takes no address that could mean another", () => {
  for (
    const [id, why] of [
      ["010.0.0.1", /leading zeros/],
      ["10.0.0.256", /no IP address/],
      ["10.0.0.5/24", /the network is 10\.0\.0\.0\/24/],
      ["fe80::1%eth0", /does not say whom it means/],
      ["ip:fe80::1%eth0", /zone/],
      ["0x7f.0.0.1", /does not say whom it means/],
      ["00:15:17:0B:0E", /no IP address/],
      ["01:00:5e:00:00:01", /address of a group/],
    ] as const
  ) {
    assert.throws(() => checkInitiatorIds([id]), (error: unknown) => {
      assert.ok(error instanceof ControlError && error.kind === "usage");
      assert.match(error.message, why, id);
      return true;
    });
  }
});

Deno.test("severalInitiators counts what hosts fit that know nothing of each other", () => {
  for (const one of ["iqn:iqn.2026-01.org.example:a", "dns:a.example", "ip:10.0.0.1"]) {
    assert.equal(severalInitiators([one]), undefined);
  }
  assert.equal(severalInitiators([]), undefined);
  assert.equal(severalInitiators(["mac:00-15-17-0B-0E-F6"]), undefined);
  assert.equal(severalInitiators(["any"]), undefined);
  assert.equal(severalInitiators(["ip:10.0.0.0/31"]), "every initiator of ip:10.0.0.0/31");
  assert.equal(severalInitiators(["ip:10.0.0.1", "any"]), "2 initiators");
});

Deno.test("checkInitiatorIds refuses a bad identifier and shows the right form", () => {
  for (const id of ["", "mail1", "iqn:", "iqn:mail1", "toString:x", "__proto__:x", "any ", "*"]) {
    assert.throws(
      () => checkInitiatorIds([id]),
      (error: unknown) =>
        error instanceof ControlError && error.kind === "usage" && error.nextStep!.includes("iqn:"),
      id,
    );
  }
});

Deno.test("isInitiatorId knows normal forms only", () => {
  assert.equal(isInitiatorId("iqn:iqn.1991-05.com.microsoft:mail1"), true);
  assert.equal(isInitiatorId("iqn:iqn.1991-05.com.Microsoft:mail1"), false);
  assert.equal(isInitiatorId("iqn.1991-05.com.microsoft:mail1"), false);
  assert.equal(isInitiatorId("mail1"), false);
});
