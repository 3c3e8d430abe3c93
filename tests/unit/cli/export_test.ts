import assert from "node:assert/strict";
import { HEADING } from "../../../lib/config/document/heading.ts";
import { withScratch } from "../../support/executable.ts";
import { ran } from "./fake_surroundings.ts";

const TEXT = `${HEADING}version: 1\n...\n`;

function control(secret: boolean) {
  return { export: () => Promise.resolve({ document: { version: 1 }, secret }) };
}

async function modeOf(file: string): Promise<number> {
  return (await Deno.stat(file)).mode! & 0o777;
}

Deno.test("export: prints the document, as YAML or as JSON", async () => {
  const { stdout, calls } = await ran(["export", "--target", "a", "--target", "b", "--secrets"], {
    control: control(true),
  });
  assert.equal(stdout, TEXT);
  assert.deepEqual(calls, ['export({"targets":["a","b"],"secrets":true})', "close()"]);
  const json = await ran(["export", "--json"], { control: control(false) });
  assert.deepEqual(JSON.parse(json.stdout), { version: 1 });
});

Deno.test("B-17: export writes a file with secrets for its user's eyes alone", async () => {
  await withScratch(async (folder) => {
    const umask = Deno.umask(0o022);
    try {
      const file = `${folder}/server.yaml`;
      for (const [secret, mode] of [[false, 0o644], [true, 0o600], [false, 0o644]] as const) {
        const { exitCode, stdout } = await ran(["export", file], { control: control(secret) });
        assert.deepEqual([exitCode, await modeOf(file)], [0, mode]);
        assert.match(
          stdout,
          secret ? /written: the server with its secrets/ : /written: the server/,
        );
        assert.equal(await Deno.readTextFile(file), TEXT);
      }
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["server.yaml"]);
    } finally {
      Deno.umask(umask);
    }
  });
});

Deno.test("export: - is standard output, and no file of that name", async () => {
  for (const words of [[], ["--schema"], ["--json"]]) {
    const printed = await ran(["export", ...words], { control: control(false) });
    assert.deepEqual(await ran(["export", ...words, "-"], { control: control(false) }), printed);
  }
  await assert.rejects(Deno.stat("-"), Deno.errors.NotFound);
});

Deno.test("export: what is no export is not overwritten", async () => {
  await withScratch(async (folder) => {
    const disk = `${folder}/mail.vhd`;
    await Deno.writeTextFile(disk, "conectix");
    for (const words of [[], ["--schema"]]) {
      const { exitCode, stderr } = await ran(["export", ...words, disk], {
        control: control(false),
      });
      assert.equal(exitCode, 3);
      assert.match(stderr, /mail\.vhd is something else, and is not overwritten\n {2}give another/);
      assert.equal(await Deno.readTextFile(disk), "conectix");
    }
    const folderItself = await ran(["export", folder], { control: control(false) });
    assert.equal(folderItself.exitCode, 3);
    const nowhere = await ran(["export", `${folder}/none/x.yaml`], { control: control(false) });
    assert.equal(nowhere.exitCode, 4);
    await Deno.writeTextFile(`${folder}/empty.yaml`, "");
    assert.equal(
      (await ran(["export", `${folder}/empty.yaml`], { control: control(false) })).exitCode,
      0,
    );
  });
});

Deno.test("export: --schema writes the JSON Schema, and asks no server", async () => {
  const { stdout, calls } = await ran(["export", "--schema"]);
  assert.equal(JSON.parse(stdout).title, "The document of a sanctl server");
  assert.deepEqual(calls, []);
  await withScratch(async (folder) => {
    const file = `${folder}/sanctl.schema.json`;
    for (const _ of [1, 2]) assert.equal((await ran(["export", "--schema", file])).exitCode, 0);
    assert.equal(await Deno.readTextFile(file), stdout);
  });
  assert.equal((await ran(["export", "--schema", "--secrets"])).exitCode, 2);
});
