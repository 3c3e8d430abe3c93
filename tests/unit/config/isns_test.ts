/** iSNS servers that are declared, and what each comes to know of the running service. */
import assert from "node:assert/strict";
import { ControlError, type ControlErrorKind } from "../../../lib/config/control_error.ts";
import { MOST_ISNS_SERVERS } from "../../../lib/config/isns_servers.ts";
import {
  addIsnsServer,
  findIsnsServer,
  removeIsnsServer,
} from "../../../lib/config/operations/isns_servers.ts";
import { isnsIdentifier, RunningIsns } from "../../../lib/config/running_isns.ts";
import { type DeclaredState, emptyState } from "../../../lib/config/schema.ts";
import { type Attribute, DELIMITER, operating } from "../../../lib/isns/attribute.ts";
import { FunctionId } from "../../../lib/isns/function_id.ts";
import { formatIpAddress, parseIpAddress } from "../../../lib/net/ip_address.ts";
import { AccessList } from "../../../lib/target/access_list.ts";
import type { Portal } from "../../../lib/target/portal.ts";
import { FakeIsnsNetwork, SERVER } from "../../support/fake_isns_server.ts";
import { TARGET_NAME, TestTarget } from "../../support/test_target.ts";
import { turns } from "../../support/turns.ts";

const PLACE = { address: SERVER.host, port: SERVER.port };
const SAN = "san.example.com";

function refuses(kind: ControlErrorKind, operation: () => unknown, text: RegExp): void {
  assert.throws(operation, (error: unknown) => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  });
}

function declared(...hosts: readonly string[]): DeclaredState {
  return hosts.reduce(
    (state, address) => addIsnsServer(state, { address, port: 3205 }).state,
    emptyState("iqn.2026-11.io.sanctl:host"),
  );
}

Deno.test("addIsnsServer takes an address or a name in any spelling, and each once", () => {
  const state = declared("ISNS.Example.com", "192.0.2.5", "2001:db8::5");
  assert.deepEqual(state.isnsServers, [
    { address: "isns.example.com", port: 3205 },
    { address: "192.0.2.5", port: 3205 },
    { address: "2001:db8::5", port: 3205 },
  ]);
  const again = { address: "isns.EXAMPLE.com", port: 3205 };
  refuses("in-use", () => addIsnsServer(state, again), /isns\.example\.com:3205 already; see how/);
  assert.equal(addIsnsServer(state, { ...again, port: 3206 }).state.isnsServers!.length, 4);
  assert.deepEqual(findIsnsServer(state, again), { address: "isns.example.com", port: 3205 });
});

Deno.test("addIsnsServer refuses what is no server, and more than there may be", () => {
  for (const address of ["", "a b", "[::1]", "x/y", "192.0.2.5:3205"]) {
    refuses("usage", () => declared(address), /neither an address nor a host name; use one such/);
  }
  const state = emptyState("iqn.2026-11.io.sanctl:host");
  const noPort = { address: "192.0.2.5", port: 0 };
  refuses("usage", () => addIsnsServer(state, noPort), /0 is not a TCP port/);
  const full = declared(...Array.from({ length: MOST_ISNS_SERVERS }, (_, at) => `192.0.2.${at}`));
  const more = { address: "192.0.2.99", port: 3205 };
  refuses("failed", () => addIsnsServer(full, more), /as many as there may be; take one away/);
});

Deno.test("removeIsnsServer leaves nothing behind where it takes the last one", () => {
  const state = declared("192.0.2.5", "192.0.2.6");
  const first = { address: "192.0.2.5", port: 3205 };
  const left = removeIsnsServer(state, first).state;
  assert.deepEqual(left.isnsServers, [{ address: "192.0.2.6", port: 3205 }]);
  refuses("not-found", () => removeIsnsServer(left, first), /no iSNS server 192\.0\.2\.5:3205/);
  const none = removeIsnsServer(left, { ...first, address: "192.0.2.6" }).state;
  assert.equal("isnsServers" in none, false);
});

Deno.test("isnsIdentifier tells services apart, and stays the same", () => {
  const one = isnsIdentifier("iqn.2026-11.io.sanctl:host", "/var/lib/sanctl");
  assert.match(one, /^sanctl-target-iqn\.2026-11\.io\.sanctl:host-[0-9a-f]{8}$/);
  assert.equal(isnsIdentifier("iqn.2026-11.io.sanctl:host", "/var/lib/sanctl"), one);
  assert.notEqual(isnsIdentifier("iqn.2026-11.io.sanctl:host", "/srv/other"), one);
  assert.notEqual(isnsIdentifier("iqn.2026-11.io.sanctl:other", "/var/lib/sanctl"), one);
});

/** A target with these portals, and a server that keeps what it is told. */
function running(...portals: readonly Portal[]) {
  const { node, clock } = new TestTarget();
  for (const portal of portals) node.portals.add(portal);
  const network = new FakeIsnsNetwork();
  let kept: readonly Attribute[] = [];
  network.server!.answer = ({ functionId, attributes }) => {
    if (functionId === FunctionId.DevAttrReg) kept = operating(attributes);
    if (functionId === FunctionId.DevDereg) kept = [];
    return functionId === FunctionId.DevAttrQry ? { attributes: [DELIMITER, ...kept] } : {};
  };
  const isns = new RunningIsns({
    ...{ node, network, events: { note() {} } },
    resolve: (host) =>
      host === SAN
        ? Promise.resolve([parseIpAddress("203.0.113.7")!, parseIpAddress("2001:db8::7")!])
        : Promise.reject(new Error("there is no host of that name")),
    identifier: () => "sanctl-target-x",
  });
  const places = () =>
    kept.filter(({ name }) => name === "portalAddress")
      .map(({ value }) => formatIpAddress(value as Uint8Array));
  return { node, clock, isns, places, network };
}

const EVERYWHERE = { address: "::", port: 3260, portalGroupTag: 1 };

Deno.test("RunningIsns says nothing before initiators can come", async () => {
  const { isns, network } = running(EVERYWHERE);
  isns.reconcile([PLACE]);
  await turns();
  assert.equal(network.dials, 0);
  isns.open([PLACE]);
  await turns();
  assert.deepEqual(isns.facts(PLACE), {
    ...{ ...PLACE, state: "registered", targets: 1 },
    ...{ portals: [{ address: "192.0.2.4", port: 3260, group: 1 }], error: null },
  });
  await isns.close();
});

Deno.test("RunningIsns registers where initiators can come: not to loopback, and by names", async () => {
  const { isns, places } = running(
    EVERYWHERE,
    { address: "127.0.0.1", port: 3260, portalGroupTag: 1 },
    { address: "198.51.100.1", port: 3260, portalGroupTag: 2 },
    { ...EVERYWHERE, port: 860, advertised: { host: SAN, port: 860 } },
    { ...EVERYWHERE, port: 861, advertised: { host: "no.such.host", port: 861 } },
  );
  isns.open([PLACE]);
  await turns();
  assert.deepEqual(places(), ["192.0.2.4", "198.51.100.1", "203.0.113.7", "2001:db8::7"]);
  await isns.close();
  assert.deepEqual(places(), []);
});

Deno.test("RunningIsns registers no target that is nobody's, until it is somebody's", async () => {
  const { isns, node, clock, places } = running(EVERYWHERE);
  const target = node.findTarget(TARGET_NAME)!;
  target.access = AccessList.of([]);
  isns.open([PLACE]);
  await turns();
  assert.deepEqual([isns.facts(PLACE).state, places()], ["idle", []]);
  target.access = AccessList.of(["iqn:iqn.2026-01.org.example:ada"]);
  isns.reconcile([PLACE]);
  clock.advance(1000); // it asks no more than a few times a second
  await turns();
  assert.deepEqual([isns.facts(PLACE).state, places()], ["registered", ["192.0.2.4"]]);
  await isns.close();
});
