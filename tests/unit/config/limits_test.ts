import assert from "node:assert/strict";
import { ControlError, type ControlErrorKind } from "../../../lib/config/control.ts";
import { inconsistency } from "../../../lib/config/consistency.ts";
import { engineLimits, LIMIT_NAMES, limitRow } from "../../../lib/config/limits.ts";
import { createTarget } from "../../../lib/config/operations/create_target.ts";
import { declareDisk, planDisk } from "../../../lib/config/operations/declare_disk.ts";
import { addPortal } from "../../../lib/config/operations/portals.ts";
import { checkGivenPortals, setLimits } from "../../../lib/config/operations/set_limits.ts";
import { DeclaredState, emptyState } from "../../../lib/config/schema.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import { DEFAULT_LIMITS } from "../../../lib/target/limits.ts";
import { TestService, withService } from "./service_fixture.ts";

const EMPTY = emptyState("iqn.2026-11.io.sanctl:host");

function refuses(kind: ControlErrorKind, operation: () => unknown, text: RegExp): void {
  assert.throws(operation, (error: unknown) => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  });
}

Deno.test("Limits: 256 targets, 512 disks, 544 sessions of a target, 64 portals are within all", () => {
  const floor = { targets: 256, disks: 512, sessionsOfTarget: 544, portals: 64 } as const;
  for (const [name, value] of Object.entries(floor)) {
    const { standard, most } = limitRow(name as keyof typeof floor);
    assert.ok(standard >= value && most >= value, name);
  }
});

Deno.test("Limits: every row's standard value is one that it takes, and the engine's own", () => {
  for (const name of LIMIT_NAMES) {
    const { standard, least, most, engine } = limitRow(name);
    assert.ok(least <= standard && standard <= most, name);
    const engineValue = engine?.(standard) ?? {};
    assert.deepEqual({ ...DEFAULT_LIMITS, ...engineValue }, DEFAULT_LIMITS, name);
    for (const value of [least, most]) {
      const { state } = setLimits(EMPTY, { [name]: value });
      assert.deepEqual(DeclaredState.parse(state), state);
      refuses("usage", () => setLimits(EMPTY, { [name]: most + 1 }), /cannot be .*; use .* to /);
    }
    refuses("usage", () => setLimits(EMPTY, { [name]: least - 1 }), /cannot be/);
    refuses("usage", () => setLimits(EMPTY, { [name]: least + 0.5 }), /cannot be/);
  }
});

Deno.test("setLimits sets and sets back, and leaves no trace of what is not set", () => {
  const { state } = setLimits(EMPTY, { sessionsOfTarget: 544, loginSeconds: 20 });
  assert.deepEqual(state.limits, { sessionsOfTarget: 544, loginSeconds: 20 });
  const back = setLimits(state, { sessionsOfTarget: null, loginSeconds: null, targets: null });
  assert.deepEqual(back.state, EMPTY);
  refuses("usage", () => setLimits(EMPTY, { bogus: 1 }), /no limit "bogus"; sanctl target limits/);
  refuses("usage", () => setLimits(EMPTY, { __proto__x: 1 }), /no limit/);
  const limits = engineLimits(DEFAULT_LIMITS, state.limits);
  assert.deepEqual(limits, { ...DEFAULT_LIMITS, sessionsOfTarget: 544, loginDeadlineMs: 20_000 });
});

Deno.test("What is declared is held to its limits, wherever it comes from", () => {
  let { state } = setLimits(EMPTY, { targets: 1, disks: 1 });
  ({ state } = createTarget(state, { name: "a" }));
  refuses(
    "failed",
    () => createTarget(state, { name: "b" }),
    /as many as .*target limits targets=/,
  );
  ({ state } = declareDisk(state, planDisk({ memory: "a", size: 512 })));
  refuses(
    "failed",
    () => declareDisk(state, planDisk({ memory: "b", size: 512 })),
    /as many as .*target limits disks=/,
  );
  const nobody = { portalSessions: () => [] };
  const portal = (port: number) => ({ address: "192.0.2.1", port });
  const one = addPortal(setLimits(EMPTY, { portals: 1 }).state, portal(3260), {}, nobody).state;
  refuses("failed", () => addPortal(one, portal(3261), {}, nobody), /as many as .*portals=NUMBER/);
  checkGivenPortals(one, 1);
  refuses("usage", () => checkGivenPortals(one, 2), /2 portals are asked for, and the limit is 1/);
  const { state: two } = createTarget(setLimits(state, { targets: 2 }).state, { name: "b" });
  refuses("in-use", () => setLimits(two, { targets: 1 }), /2 targets, and the limit is 1/);
  assert.match(inconsistency({ ...two, limits: { targets: 1 } })!, /2 targets, and the limit is 1/);
});

Deno.test("A25: a limit of sessions that is set while the service runs holds for those to come", () =>
  withService(async (service) => {
    const { control } = service;
    await control.createTarget({ name: "mail", allow: ["any"] });
    const first = await service.logIn("mail", { isid: 1 });
    await service.logIn("mail", { isid: 2 });
    const { facts } = await control.setLimits({ sessionsOfTarget: 1 });
    const limit = facts.find(({ name }) => name === "sessionsOfTarget")!;
    assert.deepEqual([limit.value, limit.used, limit.standard], [1, 2, 2048]);
    const { status } = await service.tryLogIn("mail", { isid: 3 });
    assert.equal(status, LoginStatus.OUT_OF_RESOURCES);
    await first.fence();
    await control.setLimits({ sessionsOfTarget: null });
    await service.logIn("mail", { isid: 3 });
  }));

Deno.test("Limits outlive the service", async () => {
  const directory = await Deno.makeTempDir();
  const first = await TestService.start(directory);
  await first.control.setLimits({ connectionsOfSession: 3 });
  await first.stop();
  const second = await TestService.start(directory);
  const limits = await second.control.limits();
  assert.equal(limits.find(({ name }) => name === "connectionsOfSession")!.value, 3);
  await second.stop();
  await Deno.remove(directory, { recursive: true });
});
