import assert from "node:assert/strict";
import { Admission, CommandWindow } from "../../../lib/target/command_window.ts";
import type { Connection } from "../../../lib/target/connection.ts";

const START = 0xfffffffe;

function frame(octet: number) {
  const octets = Uint8Array.of(octet);
  const view = new DataView(octets.buffer);
  return { octets, view, base: 0, ahsLength: 0, dataAt: 1, dataLength: 0 };
}

const CONNECTION = {} as Connection;

Deno.test("A44: CommandWindow counts across the wrap of CmdSN", () => {
  const window = new CommandWindow(START, 4);
  for (const cmdSN of [0xfffffffe, 0xffffffff, 0, 1]) {
    assert.equal(window.admit(cmdSN), Admission.NOW);
  }
  assert.equal(window.expCmdSN, 2);
  assert.equal(window.maxCmdSN, 5);
});

Deno.test("A45: CommandWindow ignores a CmdSN below ExpCmdSN and above MaxCmdSN", () => {
  const window = new CommandWindow(START, 4);
  assert.equal(window.maxCmdSN, 1);
  assert.equal(window.admit(0xfffffffd), Admission.IGNORE);
  assert.equal(window.admit(2), Admission.IGNORE);
  assert.equal(window.admit(1), Admission.LATER);
  assert.equal(window.expCmdSN, START);
});

Deno.test("A46: CommandWindow delivers held commands in CmdSN order when the gap closes", () => {
  const window = new CommandWindow(START, 8);
  window.hold(0, CONNECTION, frame(3));
  window.hold(0xffffffff, CONNECTION, frame(2));
  assert.equal(window.takeNext(), undefined);
  assert.equal(window.admit(0), Admission.IGNORE, "a second copy is ignored");
  assert.equal(window.admit(START), Admission.NOW);
  assert.equal(window.takeNext()?.frame.octets[0], 2);
  assert.equal(window.takeNext()?.frame.octets[0], 3);
  assert.equal(window.takeNext(), undefined);
  assert.equal(window.expCmdSN, 1);
  assert.equal(window.heldOctets, 0);
});

Deno.test("A46: CommandWindow tells how long the same command has been missing", () => {
  const window = new CommandWindow(10, 8);
  assert.equal(window.gapAgeMs(0), 0);
  window.hold(12, CONNECTION, frame(1));
  assert.equal(window.gapAgeMs(1000), 0);
  assert.equal(window.gapAgeMs(4000), 3000);
  window.admit(10);
  assert.equal(window.gapAgeMs(5000), 0, "the gap has moved on");
  window.admit(11);
  window.takeNext();
  assert.equal(window.gapAgeMs(9000), 0, "the gap is closed");
});

Deno.test("A48: CommandWindow never moves MaxCmdSN back, whatever comes and ends", () => {
  const window = new CommandWindow(100, 16);
  let most = window.maxCmdSN;
  for (let step = 0; step < 1000; step++) {
    if (step % 3 !== 2 && window.outstanding < 16) {
      window.admit(window.expCmdSN);
      if (step % 5 !== 0) window.outstanding++;
    } else if (window.outstanding > 0) {
      window.outstanding--;
    }
    assert.ok(window.maxCmdSN >= most);
    assert.ok(window.maxCmdSN >= window.expCmdSN - 1);
    most = window.maxCmdSN;
  }
});

Deno.test("A92: CommandWindow skips to a number, and no further than the window goes", () => {
  const window = new CommandWindow(START, 4);
  window.hold(0xffffffff, CONNECTION, frame(1));
  window.skipTo(1);
  assert.equal(window.takeNext()?.frame.octets[0], 1);
  assert.equal(window.takeNext(), undefined);
  assert.equal(window.expCmdSN, 1);
  window.skipTo(0x70000000);
  assert.equal(window.expCmdSN, 5);
});

Deno.test("A48: CommandWindow is closed when as many commands are outstanding as it is wide", () => {
  const window = new CommandWindow(5, 2);
  window.admit(5);
  window.outstanding = 2;
  assert.equal(window.maxCmdSN, window.expCmdSN - 1);
  assert.equal(window.admit(6), Admission.IGNORE);
});

Deno.test("A88: CommandWindow counts a command as received that was aborted before it came", () => {
  const window = new CommandWindow(5, 8);
  assert.equal(window.skip(6), true);
  assert.equal(window.skip(4), false, "it has been delivered already");
  assert.equal(window.skip(400), false, "it is outside the window");
  assert.equal(window.admit(6), Admission.IGNORE, "when it comes after all, it is dropped");
  assert.equal(window.admit(5), Admission.NOW);
  assert.equal(window.takeNext(), undefined);
  assert.equal(window.expCmdSN, 7);
});
