/** Devices attached on this machine: by their URL, and as a file by nbdfuse. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MemoryDevice } from "../../lib/block/memory.ts";
import { Attachments } from "../../lib/nbd/attach/attachments.ts";
import { withScratch } from "../support/executable.ts";
import { peer, runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";

const MIB = 1 << 20;

Deno.test({
  name: "attach: a file system is made, used and checked on the file, and the file goes with it",
  ...requires("nbdfuse", "mkfs.ext4", "root"),
  fn: () =>
    withScratch(async (directory) => {
      const device = new MemoryDevice(64 * MIB);
      const attachments = await Attachments.open({ directory });
      const { path, url, readOnly } = await attachments.attach({ name: "mail", device });
      assert.equal(path, join(directory, "attached/mail/mail"));
      assert.equal(url, `nbd+unix:///mail?socket=${directory}/nbd.sock`);
      assert.equal(readOnly, false);
      assert.deepEqual([attachments.find("mail")!.way, attachments.find("mail")!.clients], [
        "nbdfuse",
        0,
      ]);
      await assert.rejects(attachments.attach({ name: "mail", device }), { kind: "in-use" });
      await peer("mkfs.ext4", "-q", "-F", path!);
      await peer("e2fsck", "-fn", path!);

      // Whoever has it open keeps it.
      {
        using _open = await Deno.open(path!);
        await assert.rejects(attachments.detach("mail"), { kind: "in-use", message: /is open/ });
        assert.notEqual(attachments.find("mail"), undefined);
      }
      await attachments.detach("mail");
      assert.equal(attachments.find("mail"), undefined);
      await assert.rejects(Deno.stat(path!), Deno.errors.NotFound);

      // What was written is on the device, and a second time it is read-only.
      const again = await attachments.attach({ name: "mail", device, readOnly: true });
      await peer("e2fsck", "-fn", again.path!);
      const written = await runPeer("dd", ["if=/dev/zero", `of=${again.path}`, "count=1"]);
      assert.notEqual(written.exitCode, 0);
      await attachments.close();
      assert.deepEqual([...Deno.readDirSync(join(directory, "attached"))], []);
    }),
});

Deno.test({
  name: "attach: by its URL alone it is there for NBD clients, and kept while they use it",
  ...requires("nbdinfo", "qemu-io"),
  fn: () =>
    withScratch(async (directory) => {
      const device = new MemoryDevice(MIB);
      const attachments = await Attachments.open({ directory });
      const { url, path } = await attachments.attach({ name: "d", device, way: "url" });
      assert.equal(path, null);
      assert.equal(Number(await peer("nbdinfo", "--size", url)), MIB);
      await peer("qemu-io", "-f", "raw", "-c", "write -P 7 0 4k", "-c", "flush", url);
      const socket = await Deno.stat(join(directory, "nbd.sock"));
      assert.equal(socket.mode! & 0o777, 0o600);

      const { NbdDevice } = await import("../../lib/nbd/client/nbd_device.ts");
      const { parseNbdUrl } = await import("../../lib/nbd/address.ts");
      const user = await NbdDevice.open(parseNbdUrl(url));
      await assert.rejects(attachments.detach("d"), {
        kind: "in-use",
        message: /is in use over \d connections/,
      });
      await user.close();
      while (attachments.find("d")!.clients > 0) await new Promise((t) => setTimeout(t, 5));
      await attachments.detach("d");
      assert.notEqual((await runPeer("nbdinfo", ["--size", url])).exitCode, 0);
      await attachments.close();
    }),
});

Deno.test({
  name: "attach: what a service that crashed has left is gone when the next one starts",
  ...requires("nbdfuse", "root"),
  fn: () =>
    withScratch(async (directory) => {
      const script = `
        const { Attachments } = await import(${
        JSON.stringify(moduleUrl("nbd/attach/attachments"))
      });
        const { MemoryDevice } = await import(${JSON.stringify(moduleUrl("block/memory"))});
        const attachments = await Attachments.open({ directory: Deno.args[0] });
        await attachments.attach({ name: "d", device: new MemoryDevice(1 << 20) });
        console.log("attached");`;
      const service = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--ext=ts", "-", directory],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const writer = service.stdin.getWriter();
      await writer.write(new TextEncoder().encode(script));
      await writer.close();
      const reader = service.stdout.getReader();
      await reader.read();
      service.kill("SIGKILL");
      await service.status;
      await reader.cancel();
      assert.deepEqual([...Deno.readDirSync(join(directory, "attached"))].length, 1);
      const attachments = await Attachments.open({ directory });
      assert.deepEqual([...Deno.readDirSync(join(directory, "attached"))], []);
      const { path } = await attachments.attach({ name: "d", device: new MemoryDevice(MIB) });
      assert.equal((await Deno.stat(path!)).size, MIB);
      await attachments.close();
    }),
});

function moduleUrl(name: string): string {
  return new URL(`../../lib/${name}.ts`, import.meta.url).href;
}
