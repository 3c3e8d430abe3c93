import assert from "node:assert/strict";
import { stateDirectory } from "../../../lib/config/state_directory.ts";

function env(values: Record<string, string>) {
  return (name: string): string | undefined => values[name];
}

Deno.test("stateDirectory is the one given, else SANCTL_STATE_DIR, else the user's", () => {
  const cases: [string | undefined, Record<string, string>, number, string][] = [
    ["/given", { SANCTL_STATE_DIR: "/env" }, 0, "/given"],
    ["given", {}, 0, `${Deno.cwd()}/given`],
    [undefined, { SANCTL_STATE_DIR: "/env", HOME: "/root" }, 0, "/env"],
    [undefined, { SANCTL_STATE_DIR: "", HOME: "/root" }, 0, "/var/lib/sanctl"],
    [undefined, { HOME: "/home/ada", XDG_STATE_HOME: "/state" }, 1000, "/state/sanctl"],
    [
      undefined,
      { HOME: "/home/ada", XDG_STATE_HOME: "rel" },
      1000,
      "/home/ada/.local/state/sanctl",
    ],
    [undefined, { HOME: "/home/ada" }, 1000, "/home/ada/.local/state/sanctl"],
  ];
  for (const [given, values, uid, expected] of cases) {
    assert.equal(stateDirectory(given, env(values), uid), expected);
  }
});
