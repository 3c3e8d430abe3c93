import assert from "node:assert/strict";
import { HostGuard, hostsOf } from "../../../lib/status/host_guard.ts";
import { TestApi, withApi } from "./api_fixture.ts";

const HOSTS: readonly (readonly [host: string, status: number])[] = [
  ["localhost", 200],
  ["localhost:8080", 200],
  ["LOCALHOST", 200],
  ["127.0.0.1", 200],
  ["127.0.0.1:65535", 200],
  ["[::1]", 200],
  ["[::1]:8080", 200],
  ["san.example.com", 200],
  ["San.Example.COM:8080", 200],
  ["192.0.2.1:8080", 200],
  ["[2001:db8::1]", 200],
  ["evil.example", 421],
  ["evil.example:8080", 421],
  ["localhost.evil.example", 421],
  ["evil.example.localhost", 421],
  ["san.example.com.evil.example", 421],
  ["127.0.0.1.evil.example", 421],
  ["127.0.0.1.nip.io", 421],
  ["127.0.0.2", 421],
  ["0.0.0.0", 421],
  ["[::]", 421],
  ["[::ffff:127.0.0.1]", 421],
  ["2130706433", 421],
  ["0x7f.0.0.1", 421],
  ["127.1", 421],
  ["localhost.", 421],
  ["localhost:99999", 421],
  ["localhost:80:80", 421],
  ["localhost:", 421],
  ["localhost/evil", 421],
  ["evil@localhost", 421],
  ["localhost@evil.example", 421],
  ["localhost, evil.example", 421],
  ["local host", 421],
  ["::1", 421],
  ["[::1", 421],
  ["", 421],
  ["*", 421],
  ["%6cocalhost", 421],
];

Deno.test("B-51: only the names that are ours are answered", () =>
  withApi(async ({ control }) => {
    const api = new TestApi(control, ["san.example.com", "192.0.2.1", "2001:db8::1"]);
    for (const [host, status] of HOSTS) {
      for (const path of ["/", "/api/status", "/metrics", "/nix"]) {
        const answer = await api.look("GET", path, undefined, { host });
        const expected = status === 200 && path === "/nix" ? 404 : status;
        assert.equal(answer.status, expected, `${host} ${path}`);
      }
    }
  }));

Deno.test("B-51: a request whose target names another host is not for us", () =>
  withApi(async (api) => {
    const request = new Request("http://evil.example/api/status", {
      headers: { host: "localhost" },
    });
    assert.equal((await api.shown.request(request)).status, 421);
  }));

Deno.test("HostGuard takes no header for none", () => {
  assert.equal(new HostGuard().admits(null), false);
});

Deno.test("hostsOf a wildcard are the machine's own addresses, and of an address it alone", () => {
  assert.deepEqual(hostsOf("192.0.2.1"), ["192.0.2.1"]);
  assert(hostsOf("0.0.0.0").includes("127.0.0.1"));
  assert(hostsOf("::").includes(Deno.hostname()));
});
