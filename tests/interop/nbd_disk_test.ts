/** A disk that nbdkit has, served over iSCSI: through a crash of either side. */
import assert from "node:assert/strict";
import type { DiskFacts } from "../../lib/config/facts.ts";
import { NbdPeer } from "../support/nbd_peer.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { withSanctl } from "../support/sanctl.ts";
import { Service } from "../support/service.ts";

async function write(url: string, pattern: number, where: string): Promise<void> {
  await peer("qemu-io", "-f", "raw", "-c", `write -P ${pattern} ${where}`, "-c", "flush", url);
}

async function reads(url: string, pattern: number, where: string): Promise<void> {
  const said = await peer("qemu-io", "-f", "raw", "-c", `read -P ${pattern} ${where}`, url);
  assert.doesNotMatch(said, /Pattern verification failed/);
}

Deno.test({
  name: "a disk on an NBD server is imported, served, and there again after either has crashed",
  ...requires("nbdkit", "qemu-io", "qemu block-iscsi", "dist/sanctl"),
  fn: () =>
    withSanctl(async (sanctl) => {
      const file = sanctl.path("far.img");
      await Deno.writeFile(file, new Uint8Array(0));
      await Deno.truncate(file, 64 << 20);
      const far = await NbdPeer.nbdkit(sanctl.path(""), ["file", file]);
      const service = await Service.declare(sanctl, { targets: { t: [] } });
      try {
        const refused = await sanctl.run(`disk import ${far.url}`);
        assert.equal(refused.exitCode, 2, refused.stderr); // an export without a name names none
        const said = await sanctl.ok(`disk import ${far.url} --name far`);
        assert.equal(said, "disk far imported: 64M, nbd\n");
        await sanctl.ok("disk assign far t");
        await service.start();
        const url = service.url("t");
        await write(url, 1, "0 20M");

        await far.end("SIGKILL");
        const lost = await until(sanctl, ({ state }) => state === "failed");
        assert.match(lost.failure!, /lost the connection|nothing listens there/);
        const writing = write(url, 2, "1M 1M"); // waits for the server
        await far.start();
        await writing;
        await until(sanctl, ({ state }) => state === "ready");
        await reads(url, 1, "0 1M");
        await reads(url, 2, "1M 1M");

        await service.kill();
        await far.end("SIGKILL");
        await service.start();
        assert.equal((await sanctl.facts<DiskFacts>("disk show far")).state, "failed");
        await far.start();
        await until(sanctl, ({ state }) => state === "ready");
        await reads(service.url("t"), 2, "1M 1M");
        await reads(service.url("t"), 1, "2M 18M");
        await service.stop();
        await peer("qemu-img", "compare", "-f", "raw", "-F", "raw", file, far.url);
      } finally {
        await service.stop();
        await far.end("SIGKILL");
      }
    }),
});

/** The disk, once it is as wanted. */
async function until(
  sanctl: { facts<T>(line: string): Promise<T> },
  isWanted: (disk: DiskFacts) => boolean,
): Promise<DiskFacts> {
  for (let i = 0; i < 300; i++) {
    const disk = await sanctl.facts<DiskFacts>("disk show far");
    if (isWanted(disk)) return disk;
    await new Promise((then) => setTimeout(then, 100));
  }
  throw new Error("the disk does not become what it should");
}
