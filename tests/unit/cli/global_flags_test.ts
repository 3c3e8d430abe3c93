import assert from "node:assert/strict";
import { takeGlobalFlags } from "../../../cli/global_flags.ts";

Deno.test("takeGlobalFlags: they stand anywhere, with a space or an equals sign", () => {
  const { flags, rest } = takeGlobalFlags(
    ["--json", "disk", "--state-dir", "/a", "show", "d", "--server=http://h:1", "-q"],
  );
  assert.deepEqual(rest, ["disk", "show", "d"]);
  assert.deepEqual(flags, {
    json: true,
    quiet: true,
    verbose: false,
    help: false,
    version: false,
    stateDir: "/a",
    server: "http://h:1",
  });
});

Deno.test("takeGlobalFlags: what follows -- and what is unknown is left alone", () => {
  const argv = ["disk", "--size", "1G", "--", "--json"];
  const { flags, rest } = takeGlobalFlags(argv);
  assert.deepEqual(rest, argv);
  assert.equal(flags.json, false);
});

Deno.test("takeGlobalFlags: a missing or unwanted value is wrong usage", () => {
  assert.throws(() => takeGlobalFlags(["--server"]), { kind: "usage" });
  assert.throws(() => takeGlobalFlags(["--state-dir="]), { kind: "usage" });
  assert.throws(() => takeGlobalFlags(["--json=yes"]), { kind: "usage" });
});
