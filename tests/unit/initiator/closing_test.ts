import assert from "node:assert/strict";
import { closingOf } from "../../../lib/initiator/closing.ts";

Deno.test("closingOf() says what the peer did, whichever sockets the system's words come from", () => {
  for (const words of ["Broken pipe (os error 32)", "write EPIPE"]) {
    assert.equal(closingOf(words), "closed by the peer");
  }
  for (const words of ["Connection reset by peer (os error 104)", "read ECONNRESET"]) {
    assert.equal(closingOf(words), "reset by the peer");
  }
  const timedOut = "Connection timed out (os error 110)";
  assert.equal(closingOf(timedOut), "the network does not carry it any more");
});

Deno.test("closingOf() leaves our own reasons as they are", () => {
  for (const reason of ["closed by the peer", "logged out", "Data-In with DataSN 2 instead of 1"]) {
    assert.equal(closingOf(reason), reason);
  }
});
