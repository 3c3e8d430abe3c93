import assert from "node:assert/strict";
import { isFullHostName, normaliseHostName } from "../../../lib/net/host_name.ts";

Deno.test("normaliseHostName gives a name one spelling", () => {
  assert.equal(normaliseHostName("Mail1.Example.COM."), "mail1.example.com");
  assert.equal(normaliseHostName("xn--bcher-kva.example"), "xn--bcher-kva.example");
  assert.equal(normaliseHostName("localhost"), "localhost");
  assert.equal(normaliseHostName("3com.example"), "3com.example");
});

Deno.test("B-55: normaliseHostName refuses what could be taken for an address, or is no name", () => {
  const refused = [
    ...["10.0.0.1", "10.0.0.300", "10.1", "0x7f.1", "1.2.3.0x4", "2130706433", "host.0x"],
    ...[
      "",
      ".",
      "a..b",
      ".a",
      "-a.example",
      "a-.example",
      "a_b.example",
      "a b",
      "a\n",
      "bücher.de",
    ],
    ...["a.example..", `${"a".repeat(64)}.example`, `${"a.".repeat(127)}example`, "::1", "*"],
  ];
  for (const text of refused) {
    assert.throws(() => normaliseHostName(text), { name: "HostNameError" }, text);
    assert.equal(isFullHostName(text), false, text);
  }
  assert.equal(isFullHostName("mail1.example"), true);
  // A name alone may be anything that was misspelt.
  assert.equal(isFullHostName("mail1"), false);
});
