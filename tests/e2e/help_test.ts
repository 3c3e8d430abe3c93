/** Every help text, against the one on record: a change of the command line shows up in a diff. */
import assert from "node:assert/strict";
import { runExecutable } from "../support/executable.ts";
import { requires } from "../support/requires.ts";

const GOLDEN = new URL("../fixtures/cli/help.txt", import.meta.url);

/** The words of each command, found in the help texts themselves. */
async function commandsBelow(words: string[]): Promise<string[][]> {
  const { stdout } = await runExecutable([...words, "--help"]);
  const section = /\nCOMMANDS\n((?: {2}.*\n)+)/.exec(stdout)?.[1];
  if (section === undefined) return [words];
  const verbs = section.trimEnd().split("\n").map((line) => line.trim().split(" ")[0]!);
  const below = await Promise.all(verbs.map((verb) => commandsBelow([...words, verb])));
  return [words, ...below.flat()];
}

Deno.test({
  name: "help: every command's text is the one on record (UPDATE_GOLDEN=1 records it anew)",
  ...requires("dist/sanctl"),
  async fn() {
    const texts = (await commandsBelow([])).map(async (words) => {
      const { exitCode, stdout, stderr } = await runExecutable([...words, "--help"]);
      assert.equal(exitCode, 0, stderr);
      return `$ ${["sanctl", ...words, "--help"].join(" ")}\n${stdout}`;
    });
    const actual = (await Promise.all(texts)).join("\n");
    if (Deno.env.get("UPDATE_GOLDEN") === "1") await Deno.writeTextFile(GOLDEN, actual);
    assert.equal(actual, await Deno.readTextFile(GOLDEN));
  },
});

Deno.test({
  name: "help: no line of it is wider than a wide terminal, but for usage lines",
  ...requires("dist/sanctl"),
  async fn() {
    const lines = (await Deno.readTextFile(GOLDEN)).split("\n");
    const wide = lines.filter((line) => line.length > 100 && !line.startsWith("  sanctl "));
    assert.deepEqual(wide, []);
  },
});
