/** The executable itself: how it unpacks, and what it says where it cannot. */
import assert from "node:assert/strict";
import { runExecutable, withScratch } from "../support/executable.ts";
import { EXECUTABLE, requires } from "../support/requires.ts";

const needs = requires("dist/sanctl");
const needsRoot = requires("dist/sanctl", "root");

function test(name: string, fn: (folder: string) => Promise<void>, { ignore } = needs): void {
  Deno.test({ name: `executable: ${name}`, ignore, fn: () => withScratch(fn) });
}

function entries(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

test("ten first runs at once all succeed, and leave one unpacked copy", async (folder) => {
  const env = { SANCTL_CACHE_DIR: `${folder}/cache` };
  const runs = Array.from({ length: 10 }, () => runExecutable(["version"], { env }));
  for (const { exitCode, stdout, stderr } of await Promise.all(runs)) {
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^sanctl \d+\.\d+\.\d+ /);
  }
  const [id, ...others] = entries(`${folder}/cache`);
  assert.match(id!, /^[0-9a-f]{32}$/);
  assert.deepEqual(others, []);
});

test("what it unpacks is private to the user", async (folder) => {
  const cache = `${folder}/cache`;
  await runExecutable(["version"], { env: { SANCTL_CACHE_DIR: cache } });
  for (const path of [cache, `${cache}/${entries(cache)[0]}`]) {
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o700, path);
  }
});

test("runs with neither Deno nor Node on the PATH, and under another name", async (folder) => {
  const bin = `${folder}/bin`;
  await Deno.mkdir(bin);
  for (
    const name of "sh tail tar gzip mktemp sha256sum mkdir mv rm uname find ps".split(" ")
  ) {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", `command -v ${name}`] })
      .output();
    await Deno.symlink(new TextDecoder().decode(stdout).trim(), `${bin}/${name}`);
  }
  await Deno.symlink(EXECUTABLE, `${folder}/linked`);
  const { exitCode, stdout, stderr } = await runExecutable(["version"], {
    executable: `${folder}/linked`,
    env: { PATH: bin, HOME: folder },
    clearEnv: true,
  });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^sanctl /);
  assert.deepEqual(entries(`${folder}/.cache`), ["sanctl"]);
});

test("the environment's cache directories are honoured, the nearest first", async (folder) => {
  const env = { SANCTL_CACHE_DIR: "", HOME: `${folder}/home`, XDG_CACHE_HOME: `${folder}/xdg` };
  assert.equal((await runExecutable(["version"], { env })).exitCode, 0);
  assert.equal(entries(`${folder}/xdg/sanctl`).length, 1);
  assert.throws(() => Deno.statSync(`${folder}/home`), Deno.errors.NotFound);
});

test("one changed octet is found, and nothing of it is run", async (folder) => {
  const octets = await Deno.readFile(EXECUTABLE);
  octets[octets.length >> 1]! ^= 1;
  await Deno.writeFile(`${folder}/sanctl`, octets, { mode: 0o755 });
  const { exitCode, stdout, stderr } = await runExecutable(["version"], {
    executable: `${folder}/sanctl`,
    env: { SANCTL_CACHE_DIR: `${folder}/cache` },
  });
  assert.equal(exitCode, 74);
  assert.equal(stdout, "");
  assert.match(stderr, /sanctl is damaged\n {2}get it again/);
  assert.deepEqual(entries(`${folder}/cache`), []);
});

test("a file that was cut short is found", async (folder) => {
  const octets = await Deno.readFile(EXECUTABLE);
  await Deno.writeFile(`${folder}/sanctl`, octets.subarray(0, octets.length - 1), { mode: 0o755 });
  const { exitCode, stderr } = await runExecutable(["version"], {
    executable: `${folder}/sanctl`,
    env: { SANCTL_CACHE_DIR: `${folder}/cache` },
  });
  assert.equal(exitCode, 74);
  assert.match(stderr, /damaged/);
});

test("SIGINT in the first run leaves nothing, and the next run works", async (folder) => {
  const cache = `${folder}/cache`;
  const env = { SANCTL_CACHE_DIR: cache };
  const child = new Deno.Command(EXECUTABLE, {
    args: ["version"],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await appears(cache, ".unpack.");
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert.deepEqual(entries(cache), []);
  assert.equal((await runExecutable(["version"], { env })).exitCode, 0);
});

test("a cache directory that cannot be made is named, with what to do", async (folder) => {
  await Deno.writeTextFile(`${folder}/file`, "");
  const { exitCode, stderr } = await runExecutable(["version"], {
    env: { SANCTL_CACHE_DIR: `${folder}/file/cache` },
  });
  assert.equal(exitCode, 73);
  assert.match(
    stderr,
    /cannot write to the cache directory .*\/file\/cache\n {2}set SANCTL_CACHE_DIR/,
  );
});

test("a cache directory of somebody else is refused", async (folder) => {
  const cache = `${folder}/cache`;
  await Deno.mkdir(cache);
  await Deno.chown(cache, 65534, 65534);
  const { exitCode, stderr } = await runExecutable(["version"], {
    env: { SANCTL_CACHE_DIR: cache },
  });
  assert.equal(exitCode, 73);
  assert.match(stderr, /belongs to somebody else\n {2}set SANCTL_CACHE_DIR/);
}, needsRoot);

test("versions that nobody started for a week are pruned, others stay", async (folder) => {
  const cache = `${folder}/cache`;
  const [old, recent] = ["0".repeat(32), "1".repeat(32)];
  for (const id of [old, recent]) {
    await Deno.mkdir(`${cache}/${id}`, { recursive: true });
    await Deno.writeTextFile(`${cache}/${id}/used`, "");
  }
  const longAgo = new Date(Date.now() - 9 * 24 * 3600 * 1000);
  await Deno.utime(`${cache}/${old}/used`, longAgo, longAgo);
  const { exitCode, stderr } = await runExecutable(["version"], {
    env: { SANCTL_CACHE_DIR: cache },
  });
  assert.equal(exitCode, 0, stderr);
  const left = entries(cache);
  assert.equal(left.length, 2);
  assert.ok(left.includes(recent) && !left.includes(old));
});

/** Resolves when an entry of `folder` begins with `prefix`. */
async function appears(folder: string, prefix: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    const found = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
    if (found.some(({ name }) => name.startsWith(prefix))) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`nothing that begins with ${prefix} appeared in ${folder}`);
}
