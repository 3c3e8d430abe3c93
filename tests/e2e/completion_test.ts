/** The completion scripts, in the shells that run them. */
import assert from "node:assert/strict";
import { EXECUTABLE, requires } from "../support/requires.ts";

/** What bash offers for the last word of `line`. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(" ");
  const script = `
    eval "$(sanctl completion bash)"
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
    COMP_CWORD=${words.length - 1}
    _sanctl
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const folder = EXECUTABLE.slice(0, EXECUTABLE.lastIndexOf("/"));
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script],
    env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test({
  name: "completion: bash offers nouns, verbs and flags",
  ...requires("dist/sanctl", "bash"),
  async fn() {
    assert.deepEqual(await offered("sanctl t"), ["target"]);
    assert.deepEqual(await offered("sanctl disk a"), ["assign", "attach"]);
    assert.deepEqual(await offered("sanctl --json target s"), ["serve", "sessions", "set", "show"]);
    assert.deepEqual(await offered("sanctl disk assign d t --r"), ["--read-only"]);
  },
});
