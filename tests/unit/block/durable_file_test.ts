import assert from "node:assert/strict";
import { replaceFile } from "../../../lib/block/durable_file.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name);
}

Deno.test("replaceFile: makes the file or replaces it, for its user alone, and leaves nothing else", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/state`;
    const before = Deno.umask(0);
    try {
      for (const length of [3, 1 << 20, 0]) {
        const octets = new Uint8Array(length).fill(length & 0xff);
        // What an earlier replacement could have left, open to others.
        await Deno.writeTextFile(`${path}.new`, "half", { mode: 0o666 });
        await replaceFile(path, octets);
        assert.deepEqual(await Deno.readFile(path), octets);
        assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
        assert.deepEqual(namesIn(directory), ["state"]);
      }
    } finally {
      Deno.umask(before);
    }
  }));

Deno.test("replaceFile: a reader sees the old file or the new one, and never a part", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/state`;
    const versions = [new Uint8Array(100_000).fill(1), new Uint8Array(200_000).fill(2)];
    await replaceFile(path, versions[0]!);
    let replaced = false;
    const replacing = replaceFile(path, versions[1]!).then(() => replaced = true);
    while (!replaced) {
      const seen = await Deno.readFile(path);
      assert.deepEqual(seen, versions[seen[0]! - 1]);
    }
    await replacing;
    assert.deepEqual(await Deno.readFile(path), versions[1]);
  }));

Deno.test("replaceFile: one that fails leaves the old file, and nothing half made", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/state`;
    // A directory that holds something cannot be replaced by a file.
    await Deno.mkdir(`${path}/x`, { recursive: true });
    await assert.rejects(replaceFile(path, Uint8Array.of(1)));
    assert.deepEqual(namesIn(directory), ["state"]);
    assert.deepEqual(namesIn(path), ["x"]);
    await assert.rejects(replaceFile(`${directory}/none/state`, Uint8Array.of(1)));
  }));
