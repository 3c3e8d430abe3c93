import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePeerAddress } from "../../../lib/net/ip_address.ts";
import { NeighbourAnswers, neighbourRequest } from "../../../lib/net/neighbour_messages.ts";
import { hardwareAddressIn, isLoopback, readNeighbours } from "../../../lib/net/neighbours.ts";
import { concatenate } from "../../support/test_initiator.ts";

const REACHABLE = 0x02, STALE = 0x04, INCOMPLETE = 0x01, FAILED = 0x20, NOARP = 0x40;

/** `struct nlmsghdr` with what follows it, padded. */
function message(type: number, payload: Uint8Array): Uint8Array {
  const length = 16 + payload.length;
  const octets = new Uint8Array((length + 3) & ~3);
  const view = new DataView(octets.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  octets.set(payload, 16);
  return octets;
}

/** An attribute: its length, its type, its value. */
function attribute(type: number, value: Uint8Array): Uint8Array {
  const octets = new Uint8Array((4 + value.length + 3) & ~3);
  const view = new DataView(octets.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  octets.set(value, 4);
  return octets;
}

function neighbour(address: string, hardware: string, state: number): Uint8Array {
  const head = new Uint8Array(12);
  new DataView(head.buffer).setUint16(8, state, true);
  const attributes = [attribute(1, parsePeerAddress(address)!)];
  if (hardware !== "") {
    attributes.push(attribute(2, Uint8Array.fromHex(hardware.replaceAll(":", ""))));
  }
  // Cache statistics, which say nothing here.
  attributes.push(attribute(3, new Uint8Array(16)));
  return message(28, concatenate([head, ...attributes]));
}

const DONE = message(3, new Uint8Array(4));

const ANSWERS = [
  concatenate([
    neighbour("192.0.2.1", "02:fc:00:00:00:05", REACHABLE),
    neighbour("192.0.2.2", "", INCOMPLETE),
    neighbour("192.0.2.3", "02:fc:00:00:00:07", FAILED),
    neighbour("192.0.2.4", "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0b:0e:f6", STALE),
    neighbour("224.0.0.22", "01:00:5e:00:00:16", NOARP),
  ]),
  concatenate([
    neighbour("2001:db8::3", "02:fc:00:00:00:07", STALE),
    neighbour("fe80::1", "02:fc:00:00:00:05", STALE),
    neighbour("fe80::1", "02:fc:00:00:00:09", STALE),
    DONE,
  ]),
];

function read(datagrams: readonly Uint8Array[]): NeighbourAnswers {
  const answers = new NeighbourAnswers();
  for (const each of datagrams) answers.take(each);
  return answers;
}

function find(address: string): string {
  return hardwareAddressIn(read(ANSWERS).table, parsePeerAddress(address)!);
}

Deno.test("NeighbourAnswers reads the neighbours whose adapter the kernel knows, to the end", () => {
  assert.equal(read(ANSWERS.slice(0, 1)).isDone, false);
  const { table, isDone } = read(ANSWERS);
  assert.equal(isDone, true);
  assert.deepEqual([...table.keys()], ["192.0.2.1", "2001:db8::3", "fe80::1"]);
  assert.equal(find("192.0.2.1"), "02-FC-00-00-00-05");
  assert.equal(find("2001:db8:0::3"), "02-FC-00-00-00-07");
  assert.throws(() => find("192.0.2.2"), /192\.0\.2\.2 is not on a network of this machine/);
  assert.throws(() => find("fe80::1"), /on several networks: 02-FC-\S+ 02-FC-/);
});

Deno.test("NeighbourAnswers: the kernel's refusal, and what is cut off, is said and not guessed", () => {
  assert.throws(() => read([message(2, new Uint8Array(20))]), /does not tell its neighbours/);
  const whole = neighbour("192.0.2.1", "02:fc:00:00:00:05", REACHABLE);
  assert.throws(() => read([whole.subarray(0, whole.length - 4)]), /not understood/);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    try {
      read([octets, message(28, octets)]);
    } catch (error) {
      assert.match((error as Error).message, /not understood|does not tell/);
    }
  }));
});

Deno.test("neighbourRequest asks for all neighbours of one family", () => {
  assert.equal(neighbourRequest(4).toHex(), "1c0000001e000103000000000000000002" + "00".repeat(11));
  assert.equal(neighbourRequest(6)[16], 10);
});

Deno.test("isLoopback knows the addresses that never leave the machine", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(isLoopback(parsePeerAddress(address)!), true, address);
  }
  for (const address of ["128.0.0.1", "::2"]) {
    assert.equal(isLoopback(parsePeerAddress(address)!), false, address);
  }
});

Deno.test({
  name: "readNeighbours asks the kernel of this machine",
  ignore: Deno.build.os !== "linux",
  fn() {
    for (const family of [4, 6] as const) {
      for (const [ip, hardware] of readNeighbours(family)) {
        assert.equal(parsePeerAddress(ip)!.length, family === 4 ? 4 : 16);
        for (const each of hardware) assert.match(each, /^[0-9A-F]{2}(-[0-9A-F]{2}){5}$/);
      }
    }
  },
});
