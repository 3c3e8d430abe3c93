import assert from "node:assert/strict";
import type { LimitFacts } from "../../../lib/config/control.ts";
import { ran } from "./fake_surroundings.ts";

const SESSIONS: LimitFacts = {
  name: "sessionsOfTarget",
  about: "Sessions that one target may have open",
  unit: "count",
  value: 544,
  standard: 2048,
  least: 1,
  most: 65535,
  used: 7,
};
const LOGIN: LimitFacts = { ...SESSIONS, name: "loginSeconds", unit: "seconds", used: null };
const WRITES: LimitFacts = { ...SESSIONS, name: "pendingWrites", unit: "octets", value: 1 << 28 };
const ALL = [SESSIONS, LOGIN, WRITES];

const control = {
  limits: () => Promise.resolve(ALL),
  setLimits: () => Promise.resolve({ facts: ALL, notices: [] }),
};

Deno.test("sanctl target limits lists them with their range and what is used", async () => {
  const { stdout } = await ran(["target", "limits"], { control });
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines[1]!, /^sessionsOfTarget +544 +7 +2048 +1 +65535 +Sessions that one target/);
  assert.match(lines[2]!, /^loginSeconds +544s +- +2048s/);
  assert.match(lines[3]!, /^pendingWrites +256M +7/);
  const json = await ran(["target", "limits", "--json"], { control });
  assert.deepEqual(JSON.parse(json.stdout), ALL);
});

Deno.test("sanctl target limits sets them, however their names are written", async () => {
  const words = ["sessions-of-target=600", "loginSeconds=20s", "pendingWrites=1G"];
  const { exitCode, stdout, calls } = await ran(["target", "limits", ...words], { control });
  assert.equal(exitCode, 0);
  const changes = { sessionsOfTarget: 600, loginSeconds: 20, pendingWrites: 2 ** 30 };
  assert.ok(calls.includes(`setLimits(${JSON.stringify(changes)})`), calls.join());
  assert.equal(stdout.split("\n")[0], "limit sessionsOfTarget is 544");
  const back = await ran(["target", "limits", "loginSeconds=standard"], { control });
  assert.ok(back.calls.includes('setLimits({"loginSeconds":null})'));
});

Deno.test("sanctl target limits refuses what sets nothing, before anything is set", async () => {
  const table: [setting: string, stderr: RegExp][] = [
    ["sessionsOfTarget", /"sessionsOfTarget" sets nothing\n {2}write NAME=VALUE/],
    ["bogus=1", /there is no limit bogus\n/],
    ["=1", /there is no limit/],
    ["sessionsOfTarget=many", /"many" is no number\n {2}write it like sessionsOfTarget=256/],
    ["sessionsOfTarget=-1", /"-1" is no number/],
    ["loginSeconds=1m", /"1m" is no time in seconds\n/],
    ["pendingWrites=512", /pendingWrites: a size needs a unit: 512M/],
  ];
  for (const [setting, expected] of table) {
    const { exitCode, stderr, calls } = await ran(["target", "limits", setting], { control });
    assert.equal(exitCode, 2, setting);
    assert.match(stderr, expected);
    assert.ok(!calls.some((call) => call.startsWith("setLimits")));
  }
});
