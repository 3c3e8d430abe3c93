import assert from "node:assert/strict";
import { formatIpAddress, type IpAddress, parsePeerAddress } from "../../../lib/net/ip_address.ts";
import type { NeighbourTable } from "../../../lib/net/neighbour_messages.ts";
import { NoAnswer } from "../../../lib/net/remembered.ts";
import { NetworkWitness } from "../../../lib/net/network_witness.ts";
import type { Finding } from "../../../lib/net/witness.ts";
import { TestClock } from "../../support/test_clock.ts";

const PEER = parsePeerAddress("192.0.2.101")!;
const QUESTION = { host: "mail1.example", peer: PEER };

/** A network whose resolver and neighbours are what the test makes of them. */
class TestNetwork {
  readonly clock = new TestClock();
  readonly asked: string[] = [];
  readings = 0;
  addresses: readonly string[] = ["192.0.2.101"];
  failure: Error | undefined;
  /** Set to keep answers back. */
  gate: Promise<void> | undefined;
  table: NeighbourTable = new Map();
  readonly witness = new NetworkWitness({
    clock: this.clock,
    resolve: (host) => this.#resolve(host),
    readNeighbours: () => this.#read(),
  });

  async #resolve(host: string): Promise<readonly IpAddress[]> {
    this.asked.push(host);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    return this.addresses.map((each) => parsePeerAddress(each)!);
  }

  #read(): NeighbourTable {
    this.readings++;
    return this.table;
  }

  findHost(host = "mail1.example", peer = PEER): Promise<void> | undefined {
    return this.witness.find([{ host, peer }]);
  }

  findNeighbour(neighbour = PEER): Promise<void> | undefined {
    return this.witness.find([{ neighbour }]);
  }

  knows(host = "mail1.example"): string {
    return shown(this.witness.addressesOf(host), (all) => all.map(formatIpAddress).join(" "));
  }

  knowsNeighbour(): string {
    return shown(this.witness.hardwareAddressOf(PEER), (address) => address);
  }

  neighbour(hardware: string): void {
    this.table = new Map([["192.0.2.101", new Set([hardware])]]);
  }
}

function shown<T>(finding: Finding<T>, show: (value: T) => string): string {
  return "failure" in finding ? finding.failure : show(finding.value);
}

Deno.test("NetworkWitness resolves a host once for all that wait, and remembers it", async () => {
  const network = new TestNetwork();
  assert.equal(network.knows(), "it has not been looked up yet");
  await Promise.all([network.findHost(), network.findHost(), network.findHost()]);
  assert.equal(network.knows(), "192.0.2.101");
  network.clock.advance(29_000);
  assert.equal(network.findHost(), undefined, "an answer that fits is good for a while");
  network.clock.advance(2_000);
  await network.findHost();
  assert.equal(network.asked.length, 2);
});

Deno.test("NetworkWitness asks anew before it takes a host for another than the peer", async () => {
  const network = new TestNetwork();
  network.addresses = ["192.0.2.7"];
  await network.findHost();
  assert.equal(network.findHost(), undefined);
  network.clock.advance(2_001);
  network.addresses = ["192.0.2.101"];
  await network.findHost();
  assert.equal(network.knows(), "192.0.2.101");
});

Deno.test("NetworkWitness: a resolver that is away fails the question within its deadline", async () => {
  const network = new TestNetwork();
  const answering = Promise.withResolvers<void>();
  network.gate = answering.promise;
  const finding = network.findHost()!;
  network.clock.advance(5_000);
  await finding;
  assert.equal(network.knows(), "no answer came within 5 seconds");
  // Nobody waits again for the question that hangs, nor is it asked twice.
  await network.findHost();
  network.clock.advance(60_000);
  await network.findHost();
  assert.equal(network.asked.length, 1);
  assert.equal(network.witness.isUnanswered([QUESTION]), true);
  answering.resolve();
  await turn();
  assert.equal(network.knows(), "192.0.2.101", "an answer that comes late is taken");
});

Deno.test("NetworkWitness: while the resolver is away its last answer holds, for five minutes", async () => {
  const network = new TestNetwork();
  await network.findHost();
  network.failure = new NoAnswer("the resolver cannot be reached");
  network.clock.advance(60_000);
  await network.findHost();
  assert.equal(network.knows(), "192.0.2.101");
  assert.equal(network.findHost(), undefined, "it is not asked again at once");
  network.clock.advance(241_000);
  await network.findHost();
  assert.equal(network.knows(), "the resolver cannot be reached");
});

Deno.test("NetworkWitness: a host that is no more is nobody's at once", async () => {
  const network = new TestNetwork();
  await network.findHost();
  assert.equal(network.witness.isUnanswered([QUESTION]), false);
  network.failure = new Error("there is no host of that name");
  network.clock.advance(60_000);
  await network.findHost();
  assert.equal(network.knows(), "there is no host of that name");
  assert.equal(network.witness.isUnanswered([QUESTION]), false, "that is an answer");
});

Deno.test("NetworkWitness resolves few hosts at once", async () => {
  const network = new TestNetwork();
  const answering = Promise.withResolvers<void>();
  network.gate = answering.promise;
  const hosts = Array.from({ length: 20 }, (_, i) => `host${i}.example`);
  const finding = network.witness.find(hosts.map((host) => ({ host, peer: PEER })));
  await turn();
  assert.equal(network.asked.length, 4);
  answering.resolve();
  await finding;
  assert.deepEqual(network.asked, hosts);
});

Deno.test("NetworkWitness: who has just come is looked for in a table that is read anew", async () => {
  const network = new TestNetwork();
  network.neighbour("02-FC-00-00-00-05");
  await network.findNeighbour();
  assert.equal(network.knowsNeighbour(), "02-FC-00-00-00-05");
  assert.equal(network.findNeighbour(), undefined);
  network.clock.advance(1_000);
  network.neighbour("02-FC-00-00-00-09");
  await network.findNeighbour();
  assert.equal(network.knowsNeighbour(), "02-FC-00-00-00-09");
});

Deno.test("NetworkWitness: a reading that began before the peer came is not enough for it", async () => {
  const network = new TestNetwork();
  await network.findNeighbour(parsePeerAddress("192.0.2.50")!);
  network.neighbour("02-FC-00-00-00-05");
  const finding = network.findNeighbour()!;
  assert.match(network.knowsNeighbour(), /not on a network/);
  await passing(network.clock, finding);
  assert.equal(network.readings, 2);
  assert.equal(network.knowsNeighbour(), "02-FC-00-00-00-05");
});

Deno.test("NetworkWitness: a machine that does not tell its neighbours says why, and loopback has none", async () => {
  const network = new TestNetwork();
  const { clock } = network;
  const readNeighbours = (): NeighbourTable => {
    throw new Error("not on this system");
  };
  const witness = new NetworkWitness({ clock, resolve: () => Promise.resolve([]), readNeighbours });
  await witness.find([{ neighbour: PEER }]);
  assert.deepEqual(witness.hardwareAddressOf(PEER), { failure: "not on this system" });
  const own = parsePeerAddress("::1")!;
  assert.equal(witness.find([{ neighbour: own }]), undefined);
  assert.match(shown(witness.hardwareAddressOf(own), String), /comes from this machine/);
});

Deno.test("NetworkWitness: whoever knocks, the table is read twenty times a second at most", async () => {
  const network = new TestNetwork();
  for (let i = 0; i < 100; i++) {
    await passing(network.clock, network.findNeighbour()!);
    network.clock.advance(1);
  }
  assert.ok(network.clock.nowMs() >= 99 * 50, `${network.clock.nowMs()} ms`);
  assert.match(network.knowsNeighbour(), /not on a network of this machine/);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass until it is done. */
async function passing(clock: TestClock, work: Promise<void>): Promise<void> {
  let isDone = false;
  work.then(() => isDone = true);
  for (await turn(); !isDone; await turn()) clock.advance(1);
}
