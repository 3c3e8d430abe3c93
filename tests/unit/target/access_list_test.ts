import assert from "node:assert/strict";
import { type IpAddress, parsePeerAddress } from "../../../lib/net/ip_address.ts";
import { NO_WITNESS, type Witness } from "../../../lib/net/witness.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import { AccessRuleError } from "../../../lib/target/access_rules.ts";

const HOST = "iqn.1991-05.com.microsoft:mail1";
const asker = { initiatorName: HOST, address: "192.0.2.101" };

function address(text: string): IpAddress {
  return parsePeerAddress(text)!;
}

/** What it says of any host, and of any neighbour. */
function witness(hosts: readonly string[] | string, hardware: string): Witness {
  return {
    ...NO_WITNESS,
    addressesOf: () =>
      typeof hosts === "string" ? { failure: hosts } : { value: hosts.map(address) },
    hardwareAddressOf: () => hardware.includes(" ") ? { failure: hardware } : { value: hardware },
  };
}

const KNOWN = witness(["192.0.2.7", "192.0.2.101"], "00-15-17-0B-0E-F6");

Deno.test("AccessList: an empty list admits nobody", () => {
  const list = AccessList.of([]);
  assert.equal(list.admits(asker, NO_WITNESS), false);
  assert.equal(list.explain(asker, NO_WITNESS), "its access list is empty");
});

Deno.test("AccessList: any admits everybody", () => {
  const list = AccessList.of(["any"]);
  assert.equal(list.admits(asker, NO_WITNESS), true);
  assert.equal(list.explain(asker, NO_WITNESS), "admitted by any");
});

Deno.test("AccessList: a name in any spelling admits that initiator alone", () => {
  const list = AccessList.of(["iqn:IQN.1991-05.com.Microsoft:Mail1", `iqn:${HOST}`]);
  assert.deepEqual(list.ids, [`iqn:${HOST}`]);
  assert.equal(list.admits(asker, NO_WITNESS), true);
  assert.equal(list.explain(asker, NO_WITNESS), `admitted by iqn:${HOST}`);
  const other = { ...asker, initiatorName: "iqn.1991-05.com.microsoft:mail2" };
  assert.equal(list.admits(other, NO_WITNESS), false);
  assert.match(list.explain(other, NO_WITNESS), /^none of iqn:.* admits it$/);
});

Deno.test("AccessList: each kind admits whom it names, and explains whom it does not", () => {
  const table: [id: string, stored: string, stranger: string][] = [
    ["ip:192.0.2.101", "ip:192.0.2.101", "none of ip:192.0.2.101 admits it"],
    ["ip:192.0.2.0/25", "ip:192.0.2.0/25", "none of ip:192.0.2.0/25 admits it"],
    ["ip:::ffff:192.0.2.101", "ip:192.0.2.101", "none of ip:192.0.2.101 admits it"],
    [
      "dns:Mail1.Example.",
      "dns:mail1.example",
      "none of dns:mail1.example (is 192.0.2.7 192.0.2.101) admits it",
    ],
  ];
  for (const [id, stored, stranger] of table) {
    const list = AccessList.of([id]);
    assert.deepEqual(list.ids, [stored]);
    for (const from of ["192.0.2.101", "::ffff:192.0.2.101", "[::ffff:c000:265]"]) {
      assert.equal(list.admits({ ...asker, address: from }, KNOWN), true, `${id} ${from}`);
    }
    assert.equal(list.explain(asker, KNOWN), `admitted by ${stored}`);
    const other = { ...asker, address: "192.0.2.201" };
    assert.equal(list.admits(other, KNOWN), false, id);
    assert.equal(list.explain(other, KNOWN), stranger);
  }
});

Deno.test("AccessList: an adapter is known by the kernel, in either spelling", () => {
  for (const id of ["mac:00-15-17-0B-0E-F6", "mac:00:15:17:0b:0e:f6"]) {
    const list = AccessList.of([id]);
    assert.deepEqual(list.ids, ["mac:00-15-17-0B-0E-F6"]);
    assert.equal(list.admits(asker, KNOWN), true);
    const other = witness([], "02-15-17-0B-0E-F6");
    assert.equal(list.admits(asker, other), false);
    assert.match(list.explain(asker, other), /F6 \(its own is 02-15-17-0B-0E-F6\) admits it$/);
    const remote = witness([], "it is behind a router");
    assert.equal(list.admits(asker, remote), false);
    assert.match(list.explain(asker, remote), /\(it is behind a router\) admits it$/);
  }
});

Deno.test("AccessList: what the network does not tell admits nobody, and is said", () => {
  const list = AccessList.of(["dns:mail1.example", "mac:00-15-17-0B-0E-F6"]);
  assert.equal(list.admits(asker, NO_WITNESS), false);
  const away = witness("the resolver is away", "no table of neighbours");
  assert.equal(
    list.explain(asker, away),
    "none of dns:mail1.example (the resolver is away), " +
      "mac:00-15-17-0B-0E-F6 (no table of neighbours) admits it",
  );
  const nowhere = { ...asker, address: "a pipe" };
  assert.equal(list.admits(nowhere, KNOWN), false);
  assert.match(list.explain(nowhere, KNOWN), /comes from no network/);
});

Deno.test("AccessList asks only what it takes to judge", () => {
  const list = AccessList.of(["dns:mail1.example", "mac:00-15-17-0B-0E-F6", "ip:192.0.2.101"]);
  assert.deepEqual(list.questions(asker), [], "it is admitted by its address");
  const peer = address("192.0.2.102");
  assert.deepEqual(list.questions({ ...asker, address: "192.0.2.102" }), [
    { host: "mail1.example", peer },
    { neighbour: peer },
  ]);
  assert.deepEqual(list.questions({ ...asker, address: "a pipe" }), [
    { host: "mail1.example", peer: undefined },
  ]);
});

Deno.test("AccessList explains a long list by its first entries", () => {
  const ids = Array.from({ length: 4096 }, (_, i) => `ip:10.0.${i >> 8}.${i & 255}`);
  const text = AccessList.of(ids).explain(asker, NO_WITNESS);
  assert.match(text, /^none of ip:10\.0\.0\.0, .*ip:10\.0\.0\.7 and 4088 more admits it$/);
});

Deno.test("AccessList refuses what it does not know, and says how it is written", () => {
  for (const id of ["", "*", "toString:1", "__proto__:x", "mail1", "10.0.0.1", "ip", "Any"]) {
    assert.throws(() => AccessList.of([id]), (error: unknown) => {
      assert.ok(error instanceof AccessRuleError);
      assert.match(error.message, /does not say whom it means$/);
      assert.equal(error.forms, "iqn:NAME, dns:HOST, ip:ADDRESS, mac:ADDRESS or any");
      return true;
    });
  }
  const table: [id: string, why: RegExp, forms: RegExp][] = [
    ["iqn:mail1", /no iSCSI name/, /^iqn:iqn\./],
    ["ip:010.0.0.1", /leading zeros/, /^ip:192\.0\.2\.7, ip:192\.0\.2\.0\/24 or ip:2001:/],
    ["dns:10.0.0.1", /end in a number/, /^dns:mail1\./],
    ["mac:0015170B0EF6", /six octets/, /^mac:00-15-17-0B-0E-F6$/],
  ];
  for (const [id, why, forms] of table) {
    assert.throws(() => AccessList.of([id]), (error: unknown) => {
      assert.ok(error instanceof AccessRuleError);
      assert.match(error.message, why);
      assert.match(error.forms, forms);
      return true;
    });
  }
  assert.throws(
    () => AccessList.of(["ip:\x1b[2J"]),
    (error: Error) => !error.message.includes("\x1b"),
  );
});
