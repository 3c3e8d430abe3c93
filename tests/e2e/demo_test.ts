/** The demonstration does what it prints. */
import assert from "node:assert/strict";
import { requires } from "../support/requires.ts";

Deno.test({
  name: "demo: serves the disk at the URL it prints, and cleans up at Ctrl-C",
  ...requires("iscsi-inq"),
  async fn() {
    const demo = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "scripts/demo.ts"],
      cwd: new URL("../..", import.meta.url).pathname,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = demo.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("Ctrl-C ends")) {
      const { value, done } = await reader.read();
      assert.ok(!done, text);
      text += value;
    }
    const url = /^ {2}(iscsi:\/\/127\.0\.0\.1:\d+\/iqn\S+\/0)$/m.exec(text)![1]!;
    const inquiry = await new Deno.Command("iscsi-inq", { args: [url] }).output();
    assert.ok(inquiry.success, new TextDecoder().decode(inquiry.stderr));
    const folder = /--state-dir (\S+)\/state/.exec(text)![1]!;
    assert.ok((await Deno.stat(folder)).isDirectory);
    demo.kill("SIGINT");
    assert.equal((await demo.status).code, 0);
    await reader.cancel();
    await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
  },
});
