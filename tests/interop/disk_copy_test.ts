/** `disk copy` and `disk convert` between files, VHDs and NBD exports, judged by qemu-img. */
import assert from "node:assert/strict";
import { NbdPeer } from "../support/nbd_peer.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";

const MIB = 1 << 20;

/** An image with data here and there. */
async function makeImage(sanctl: Sanctl, name: string): Promise<string> {
  const path = sanctl.path(name);
  using image = await Deno.open(path, { create: true, write: true });
  await image.truncate(64 * MIB);
  for (const at of [0, 5 * MIB + 512, 40 * MIB]) {
    await image.seek(at, Deno.SeekMode.Start);
    await image.write(crypto.getRandomValues(new Uint8Array(65_536)));
  }
  return path;
}

async function equal(a: string, formatA: string, b: string, formatB: string): Promise<void> {
  const said = await peer("qemu-img", "compare", "-f", formatA, "-F", formatB, a, b);
  assert.match(said, /identical/);
}

Deno.test({
  name: "disk copy, convert: from any to any, sparse, compared, and never half a file",
  ...requires("nbdkit", "qemu-img", "dist/sanctl"),
  fn: () =>
    withSanctl(async (sanctl) => {
      const raw = await makeImage(sanctl, "a.img");
      const far = await NbdPeer.nbdkit(sanctl.path(""), ["memory", "64M"]);
      try {
        const said = await sanctl.ok("disk convert {}/a.img {}/b.vhd --verify");
        assert.match(said, /: 64M, \S+ of it data; compared, no octet differs/);
        await equal(raw, "raw", sanctl.path("b.vhd"), "vpc");
        assert.ok((await Deno.stat(sanctl.path("b.vhd"))).blocks! * 512 < 4 * MIB);

        await sanctl.ok(`disk copy {}/b.vhd ${far.url} --yes --verify`);
        await equal(raw, "raw", far.url, "raw");
        await sanctl.ok(`disk copy ${far.url} {}/c --type raw`);
        await equal(raw, "raw", sanctl.path("c"), "raw");
        const facts = await sanctl.facts<{ size: number; written: number }>(
          `disk copy ${far.url} {}/d.vhd`,
        );
        assert.equal(facts.size, 64 * MIB);
        assert.ok(facts.written < 4 * MIB);
        await equal(raw, "raw", sanctl.path("d.vhd"), "vpc");

        await sanctl.ok("disk convert {}/d.vhd {}/f.vhd --type dynamic --verify");
        await equal(raw, "raw", sanctl.path("f.vhd"), "vpc");
        await sanctl.ok("disk convert {}/f.vhd {}/g.raw");
        await equal(raw, "raw", sanctl.path("g.raw"), "raw");

        const refusals: readonly [string, number, RegExp][] = [
          ["disk copy {}/a.img {}/b.vhd", 3, /b\.vhd exists/],
          ["disk copy {}/none.img {}/e.img", 4, /none\.img/],
          [`disk copy {}/a.img ${far.url}`, 2, /holds is lost|--yes/],
          ["disk copy nbd+unix:///x?socket=/none/s {}/e.img", 6, /no such socket/],
          ["disk copy nbd:x {}/e.img", 2, /nbd:x/],
          ["disk convert {}/a.img {}/e", 2, /does not say what to make/],
          [`disk convert {}/a.img ${far.url}`, 2, /no file that could be made/],
        ];
        for (const [line, exitCode, text] of refusals) {
          const ran = await sanctl.run(line);
          assert.match(ran.stderr, text, line);
          assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stderr}`);
        }
        const left = [...Deno.readDirSync(sanctl.path(""))].map(({ name }) => name);
        assert.deepEqual(left.filter((name) => /partial|^e/.test(name)), []);
      } finally {
        await far.end("SIGKILL");
      }
    }),
});

Deno.test({
  name: "disk copy: Ctrl-C leaves no file under the name, and none beside it",
  ...requires("nbdkit", "dist/sanctl"),
  fn: () =>
    withSanctl(async (sanctl) => {
      const slow = ["--filter=delay", "pattern", "64M", "rdelay=300ms"];
      const far = await NbdPeer.nbdkit(sanctl.path(""), slow);
      try {
        const args = ["disk", "copy", far.url, sanctl.path("x.img")];
        const executable = new URL("../../dist/sanctl", import.meta.url).pathname;
        const child = new Deno.Command(executable, {
          args,
          env: sanctl.environment,
          stderr: "piped",
        })
          .spawn();
        for (let i = 0; i < 500 && !hasPartial(sanctl); i++) {
          await new Promise((then) => setTimeout(then, 10));
        }
        assert.ok(hasPartial(sanctl), "it has begun");
        child.kill("SIGINT");
        assert.equal((await child.output()).code, 130);
        const left = [...Deno.readDirSync(sanctl.path(""))].map(({ name }) => name);
        assert.deepEqual(left.filter((name) => /partial|x\.img/.test(name)), []);
      } finally {
        await far.end("SIGKILL");
      }
    }),
});

function hasPartial(sanctl: Sanctl): boolean {
  return [...Deno.readDirSync(sanctl.path(""))].some(({ name }) => name.endsWith(".partial"));
}
