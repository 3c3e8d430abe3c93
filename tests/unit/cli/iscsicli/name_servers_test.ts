import assert from "node:assert/strict";
import { ControlError } from "../../../../lib/config/control_error.ts";
import { ran, TARGET } from "./fake_control.ts";

const DONE = "The operation completed successfully. ";

const SERVER = {
  ...{ address: "10.0.0.5", port: 3205, state: "connected", notifies: true },
  ...{ targets: 1, askedAt: "2026-11-25T10:00:00.000Z", error: null },
};

/** Calls as scripts make them, and what they must come to. */
const CALLS: readonly (readonly [line: string, call: string])[] = [
  ["AddiSNSServer 10.0.0.5", 'addIsnsServer({"address":"10.0.0.5","port":3205})'],
  ["addisnsserver isns.example", 'addIsnsServer({"address":"isns.example","port":3205})'],
  ["AddiSNSServer isns.example:3260", 'addIsnsServer({"address":"isns.example","port":3260})'],
  ["AddiSNSServer 2001:db8::5", 'addIsnsServer({"address":"2001:db8::5","port":3205})'],
  ["AddiSNSServer [2001:db8::5]:13205", 'addIsnsServer({"address":"2001:db8::5","port":13205})'],
  ["RemoveiSNSServer 10.0.0.5", 'removeIsnsServer({"address":"10.0.0.5","port":3205})'],
  ["RefreshiSNSServer 10.0.0.5", 'refreshIsnsServers({"address":"10.0.0.5","port":3205})'],
];

Deno.test("iscsicli asks for the iSNS server that its words name", async () => {
  for (const [line, call] of CALLS) {
    const { status, lines, calls } = await ran(line, { refreshIsnsServers: [SERVER] });
    assert.deepEqual({ line, status, lines, calls }, {
      ...{ line, status: 0 },
      ...{ lines: [DONE], calls: [call] },
    });
  }
});

Deno.test("iscsicli ListiSNSServers lists addresses, or that there are none", async () => {
  const others = [{ ...SERVER, port: 13205 }, { ...SERVER, address: "2001:db8::5" }];
  const { lines } = await ran("ListiSNSServers", { listIsnsServers: [SERVER, ...others] });
  assert.deepEqual(lines, ["    10.0.0.5", "    10.0.0.5:13205", "    2001:db8::5", DONE]);
  const none = await ran("listisnsservers", { listIsnsServers: [] });
  assert.deepEqual(none.lines, ["No SNS Servers", DONE]);
});

Deno.test("iscsicli RefreshiSNSServer asks all where a star stands for them", async () => {
  const absent = { ...SERVER, state: "absent", error: "nothing listens there" };
  const all = await ran("RefreshiSNSServer *", { refreshIsnsServers: [SERVER, absent] });
  assert.equal(all.status, 0xafff002e);
  assert.equal((await ran("RefreshiSNSServer *", { refreshIsnsServers: [SERVER] })).status, 0);
});

Deno.test("iscsicli tells by its codes why an iSNS server will not do", async () => {
  const failing = (kind: "in-use" | "not-found" | "unreachable") =>
    new ControlError(kind, "it will not do", undefined);
  const cases = [
    ["AddiSNSServer 10.0.0.5", { addIsnsServer: failing("in-use") }, 0xefff0033],
    ["RemoveiSNSServer 10.0.0.5", { removeIsnsServer: failing("not-found") }, 0xefff003a],
    ["RefreshiSNSServer 10.0.0.5", { refreshIsnsServers: failing("not-found") }, 0xefff003a],
    ["RefreshiSNSServer 10.0.0.5", { refreshIsnsServers: failing("unreachable") }, 0xefff0003],
    ["AddiSNSServer not/an/address", {}, 87],
    ["FirewallExemptiSNSServer", {}, 0xefff0037],
  ] as const;
  for (const [line, answers, status] of cases) {
    assert.equal((await ran(line, answers)).status, status, line);
  }
});

Deno.test("iscsicli TargetInfo tells that an iSNS server showed the target", async () => {
  const portals = [
    { address: "10.0.0.9", port: 3260, portalGroup: 1, foundBy: "isns:10.0.0.5:3205" },
    { address: "10.0.1.9", port: 3260, portalGroup: 1, foundBy: "isns:10.0.0.6:13205" },
  ];
  const listTargets = [{ iqn: TARGET, portals, state: "known", sessions: 0 }];
  const { lines } = await ran(`TargetInfo ${TARGET}`, { listTargets });
  assert.deepEqual(lines.slice(1, 4), [
    "    Discovery Mechanisms :",
    '         "iSNS:10.0.0.5"',
    '         "iSNS:10.0.0.6:13205"',
  ]);
  const { status } = await ran(`TargetInfo ${TARGET} iSNS:10.0.0.5`, { listTargets });
  assert.equal(status, 0);
});

Deno.test("iscsicli ListTargets T asks iSNS servers too", async () => {
  const asked = await ran("ListTargets T", {
    refreshPortals: new ControlError("failed", "x", "y"),
  });
  assert.notEqual(asked.status, 0);
  const other = { refreshIsnsServers: new ControlError("failed", "x", "y") };
  assert.notEqual((await ran("ListTargets T", other)).status, 0);
  assert.equal((await ran("ListTargets", other)).status, 0);
});
