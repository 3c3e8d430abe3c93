import assert from "node:assert/strict";
import fc from "fast-check";
import { type NbdAddress, nbdUrl, parseNbdUrl, serverOf } from "../../../lib/nbd/address.ts";

Deno.test("parseNbdUrl: takes what every NBD client takes", () => {
  const tcp = { transport: "tcp", port: 10_809 } as const;
  const cases: readonly [string, NbdAddress][] = [
    ["nbd://host", { ...tcp, hostname: "host", exportName: "" }],
    ["nbd://host/", { ...tcp, hostname: "host", exportName: "" }],
    ["nbd://192.0.2.1:99/a/b", { ...tcp, hostname: "192.0.2.1", port: 99, exportName: "a/b" }],
    ["nbd://[2001:db8::1]/x%20y", { ...tcp, hostname: "2001:db8::1", exportName: "x y" }],
    ["nbd+unix:///d?socket=/run/s", { transport: "unix", path: "/run/s", exportName: "d" }],
    ["nbd+unix://?socket=/run/s", { transport: "unix", path: "/run/s", exportName: "" }],
    ["nbd+unix:///?socket=a%20b", { transport: "unix", path: "a b", exportName: "" }],
  ];
  for (const [url, wanted] of cases) assert.deepEqual(parseNbdUrl(url), wanted, url);
});

Deno.test("parseNbdUrl: says what is wrong with what it does not take", () => {
  const cases: readonly [string, RegExp][] = [
    ["nbd:", /does not say where/],
    ["nbd:///x", /does not say where/],
    ["nbd+unix:///x", /does not say where/],
    ["nbd+unix://host/x?socket=/s", /does not say where/],
    ["nbd://host/x?socket=/s", /does not say where/],
    ["nbd+unix:///x?sokcet=/s", /parameter that is not known: sokcet/],
    ["nbds://host/x", /TLS/],
    ["nbds+unix:///x?socket=/s", /TLS/],
    ["nbd://user@host/x", /more parts/],
    ["nbd://host/%zz", /escapes nothing/],
    ["nbd://host:99999/x", /no URL/],
    ["ftp://host/x", /does not say where/],
  ];
  for (const [url, wanted] of cases) {
    assert.throws(() => parseNbdUrl(url), { name: "NbdUrlError", message: wanted }, url);
  }
});

Deno.test("nbdUrl: is read back as it was written", () => {
  const exportName = fc.string({ unit: "grapheme", maxLength: 30 });
  const unix = fc.record({
    transport: fc.constant("unix" as const),
    path: fc.string({ minLength: 1, maxLength: 30 }),
    exportName,
  });
  const tcp = fc.record({
    transport: fc.constant("tcp" as const),
    hostname: fc.constantFrom("host", "192.0.2.1", "::1"),
    port: fc.integer({ min: 1, max: 65_535 }),
    exportName,
  });
  const dots = [".", ".."].map((name): [NbdAddress] => [
    { transport: "tcp", hostname: "host", port: 1, exportName: name },
  ]);
  fc.assert(
    fc.property(fc.oneof(unix, tcp), (address: NbdAddress) => {
      assert.deepEqual(parseNbdUrl(nbdUrl(address)), { ...address });
    }),
    { examples: dots },
  );
});

Deno.test("serverOf: is the socket, or the host and port", () => {
  assert.equal(serverOf(parseNbdUrl("nbd://[::1]/x")), "[::1]:10809");
  assert.equal(serverOf(parseNbdUrl("nbd+unix:///x?socket=/run/s")), "/run/s");
});
