import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control_error.ts";
import { openSshTunnel, parseSshPlace } from "../../../lib/config/ssh_tunnel.ts";

Deno.test("parseSshPlace() takes hosts, users, ports and the path of a socket", () => {
  const socket = "/var/lib/sanctl/control.sock";
  for (
    const [url, destination, port, path] of [
      ["ssh://storage", "storage", undefined, socket],
      ["ssh://storage/", "storage", undefined, socket],
      ["ssh://root@storage.example:2222", "root@storage.example", "2222", socket],
      ["ssh://192.0.2.1/run/x/control.sock", "192.0.2.1", undefined, "/run/x/control.sock"],
      ["ssh://ada@[2001:db8::1]:22", "ada@2001:db8::1", "22", socket],
    ] as const
  ) assert.deepEqual(parseSshPlace(url), { destination, port, socket: path }, url);
});

Deno.test("parseSshPlace() takes nothing that ssh could take for an option, or for two things", () => {
  for (
    const url of [
      ...["ssh://", "ssh://-oProxyCommand=x", "ssh://-x@host", "ssh://a b", "ssh://host:x"],
      ...["ssh://host/a:b", "ssh://host/a b", "ssh:host", "ssh://a@b@c", "ssh://host:123456"],
    ]
  ) assert.equal(parseSshPlace(url), undefined, url);
});

Deno.test("openSshTunnel() says why ssh came to nothing, and leaves nothing behind", async () => {
  const place = parseSshPlace("ssh://storage.example")!;
  for (
    const [program, kind, message] of [["false", "unreachable", /by ssh: it ended/], [
      "/nowhere/ssh",
      "failed",
      /no ssh on this machine/,
    ]] as const
  ) {
    await assert.rejects(openSshTunnel(place, program), (error) => {
      assert.ok(error instanceof ControlError);
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
      return true;
    });
  }
});
