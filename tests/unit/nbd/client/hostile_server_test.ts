/** Servers that lie, stall, or talk nonsense: the client says what they did, and believes nothing. */
import assert from "node:assert/strict";
import type { BlockDevice } from "../../../../lib/block/device.ts";
import { DEFAULT_LIMITS } from "../../../../lib/nbd/client/limits.ts";
import { NbdDevice } from "../../../../lib/nbd/client/nbd_device.ts";
import { Option } from "../../../../lib/nbd/messages/option.ts";
import { concatenated, textOctets, u32Octets } from "../../../../lib/nbd/messages/option_data.ts";
import { ReplyType } from "../../../../lib/nbd/messages/option_reply.ts";
import { ChunkType } from "../../../../lib/nbd/messages/reply.ts";
import { RequestType } from "../../../../lib/nbd/messages/request.ts";
import { bytePipe } from "../../../support/byte_pipe.ts";
import { Chance } from "../../../support/chance.ts";
import {
  chunk,
  CONTEXT_ID,
  exportInfo,
  optionReply,
  RawNbdServer,
  type ReceivedRequest,
  simpleReply,
  SIZE,
  u64Octets,
} from "../../../support/raw_nbd_server.ts";
import { chooseSeed } from "../../../support/seeded_random.ts";
import { TestClock } from "../../../support/test_clock.ts";

const ADDRESS = { transport: "unix", path: "/test", exportName: "disk" } as const;
const { OFFSET_DATA, OFFSET_HOLE, BLOCK_STATUS, NONE, ERROR, ERROR_OFFSET } = ChunkType;
const LENGTH = 4096;

/** A client of servers that do what `scripts` say, one connection after the other; then none. */
class Ground {
  readonly clock = new TestClock();
  readonly log: string[] = [];
  readonly #scripts: ((server: RawNbdServer) => Promise<void>)[];

  constructor(...scripts: ((server: RawNbdServer) => Promise<void>)[]) {
    this.#scripts = scripts;
  }

  open(): Promise<BlockDevice> {
    const line = (message: string, facts: Record<string, unknown> = {}) => {
      this.log.push(`${message}: ${facts["reason"] ?? ""}`);
    };
    return NbdDevice.open(ADDRESS, {
      limits: { ...DEFAULT_LIMITS, connections: 1, patienceMs: 1000 },
      clock: this.clock,
      random: new Chance(1),
      logger: { debug: line, info: line, warn: line, error: line },
      dial: () => {
        const script = this.#scripts.shift();
        if (script === undefined) return Promise.reject(new Error("nobody is there"));
        const [near, far] = bytePipe();
        script(new RawNbdServer(far)).catch(() => far.close());
        return Promise.resolve(near);
      },
    });
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((turn) => setImmediate(turn));
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      this.clock.advance(500);
      await this.settle();
    }
  }
}

/** A server that has got as far as an option, and answers it so. */
function answering(option: number, ...octets: Uint8Array[]) {
  return async (server: RawNbdServer) => {
    await server.greet();
    for (;;) {
      const asked = await server.option();
      if (asked === undefined) return server.close();
      if (asked.option !== option) {
        await server.send(optionReply(asked.option, ReplyType.ERR_UNSUP));
      } else for (const each of octets) await server.send(each);
    }
  };
}

function info(data: Uint8Array): Uint8Array {
  return optionReply(Option.GO, ReplyType.INFO, data);
}

const ack = optionReply(Option.GO, ReplyType.ACK);
const HUGE = new Uint8Array(70_000).fill(65);

const HANDSHAKES: readonly [string, (server: RawNbdServer) => Promise<void>, RegExp][] = [
  ["what is no NBD", (server) => server.send(textOctets("HTTP/1.1 400 Bad Request\r\n")), /no NBD/],
  [
    "the old style",
    (server) => server.send(concatenated(textOctets("NBDMAGIC"), new Uint8Array(144))),
    /old style/,
  ],
  ["the end at once", (server) => Promise.resolve(server.close()), /closed/],
  ["a reply without magic", answering(Option.GO, new Uint8Array(20)), /magic/],
  [
    "a reply to another option",
    answering(Option.GO, optionReply(Option.LIST, ReplyType.ACK)),
    /not asked/,
  ],
  [
    "B-50: a reply of 4 GiB",
    answering(Option.GO, optionReply(Option.GO, ReplyType.INFO, HUGE, 0xffff_ffff)),
    /4294967295 octets/,
  ],
  [
    "B-50: an error text longer than is allowed",
    answering(Option.GO, optionReply(Option.GO, ReplyType.ERR_POLICY, HUGE)),
    /70000 octets/,
  ],
  [
    "B-50: an error text as long as is allowed, with what steers a terminal",
    answering(
      Option.GO,
      optionReply(Option.GO, ReplyType.ERR_POLICY, textOctets("\x1b[2J\n".repeat(900))),
    ),
    /: the server refuses the export "disk": (?:\\u\{1b\}\[2J\\u\{a\})+\S*…$/,
  ],
  ["B-50: replies without end", async (server) => {
    await server.greet();
    await server.option();
    for (;;) await server.send(optionReply(Option.STRUCTURED_REPLY, ReplyType.SERVER));
  }, /without end/],
  ["no description of the export", answering(Option.GO, ack), /did not describe/],
  ["a description cut short", answering(Option.GO, info(new Uint8Array(11)), ack), /not describe/],
  [
    "B-48: an export of 2^63 octets",
    answering(Option.GO, info(exportInfo(2 ** 63)), ack),
    /octets/,
  ],
  [
    "B-48: an export of 2^53 octets",
    answering(Option.GO, info(exportInfo(2 ** 53)), ack),
    /octets/,
  ],
  ...[[0, 512, 4096], [3, 512, 4096], [1 << 17, 1 << 17, 1 << 20], [512, 512, 100]].map((
    sizes,
  ): [string, (server: RawNbdServer) => Promise<void>, RegExp] => [
    `blocks of ${sizes}`,
    answering(
      Option.GO,
      info(exportInfo(SIZE)),
      info(concatenated(Uint8Array.of(0, 3), ...sizes.map(u32Octets))),
      ack,
    ),
    /block sizes/,
  ]),
  [
    "no such export",
    answering(Option.GO, optionReply(Option.GO, ReplyType.ERR_UNKNOWN, textOctets("nope"))),
    /: the server has no export "disk": nope$/,
  ],
  [
    "TLS or nothing",
    answering(Option.GO, optionReply(Option.GO, ReplyType.ERR_TLS_REQD)),
    /it wants TLS/,
  ],
];

for (const [what, script, wanted] of HANDSHAKES) {
  Deno.test(`a server that answers with ${what} is refused in words`, async () => {
    await assert.rejects(new Ground(script).open(), (error: Error) => {
      assert.equal(error.name, "NbdOpenError");
      assert.match(error.message, wanted);
      assert.ok(error.message.length < 400);
      return true;
    });
  });
}

Deno.test("a server that says nothing is not waited for longer than it is given", async () => {
  const ground = new Ground(() => new Promise(() => undefined));
  const opened = assert.rejects(ground.open(), /it did not answer/);
  await ground.settle();
  ground.clock.advance(10_000);
  await opened;
});

type Reply = (request: ReceivedRequest) => readonly Uint8Array[];

function octets(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(1);
}

function dataAt(offset: number, length: number): Uint8Array {
  return concatenated(u64Octets(offset), octets(length));
}

function holeAt(offset: number, length: number): Uint8Array {
  return concatenated(u64Octets(offset), u32Octets(length));
}

function error(code: number, length: number, text: string): Uint8Array {
  return concatenated(u32Octets(code), Uint8Array.of(length >> 8, length), textOctets(text));
}

function status(...fields: number[]): Uint8Array {
  return concatenated(...fields.map(u32Octets));
}

const more = { flags: 0 };

/** To a read of 4,096 octets at 8,192. */
const READ_REPLIES: Readonly<Record<string, Reply>> = {
  "octets that are no reply": () => [octets(64)],
  "a reply to nobody": (it) => [
    chunk({ ...it, cookie: octets(8) }, OFFSET_DATA, dataAt(8192, LENGTH)),
  ],
  "a simple reply": (it) => [simpleReply(it, 0, octets(LENGTH))],
  "a simple error": (it) => [simpleReply(it, 5)],
  "too little data": (it) => [chunk(it, OFFSET_DATA, dataAt(8192, LENGTH - 1))],
  "no data at all": (it) => [chunk(it, NONE)],
  "data with a gap": (it) => [
    chunk(it, OFFSET_DATA, dataAt(8192, 1024), more),
    chunk(it, OFFSET_DATA, dataAt(8192 + 2048, 2048)),
  ],
  "data twice, in all as much as was asked": (it) => [
    chunk(it, OFFSET_DATA, dataAt(8192, 2048), more),
    chunk(it, OFFSET_DATA, dataAt(8192, 2048)),
  ],
  "overlapping data": (it) => [
    chunk(it, OFFSET_DATA, dataAt(8192 + 2048, 2048), more),
    chunk(it, OFFSET_DATA, dataAt(8192, 2049)),
  ],
  "data before the range": (it) => [chunk(it, OFFSET_DATA, dataAt(8191, LENGTH))],
  "data behind the range": (it) => [chunk(it, OFFSET_DATA, dataAt(8192, LENGTH + 1))],
  "data of 4 GiB": (it) => [chunk(it, OFFSET_DATA, dataAt(8192, 100), { length: 0xffff_ffff })],
  "data at 2^64": (it) => [
    chunk(it, OFFSET_DATA, concatenated(octets(8).fill(255), octets(LENGTH))),
  ],
  "a chunk with an offset alone": (it) => [chunk(it, OFFSET_DATA, u64Octets(8192), more)],
  "a chunk without an offset": (it) => [chunk(it, OFFSET_DATA, octets(7), more)],
  "a hole of no octets": (it) => [chunk(it, OFFSET_HOLE, holeAt(8192, 0), more)],
  "a hole of 4 GiB": (it) => [chunk(it, OFFSET_HOLE, holeAt(8192, 0xffff_ffff))],
  "a hole with data": (it) => [
    chunk(it, OFFSET_HOLE, concatenated(holeAt(8192, LENGTH), octets(1))),
  ],
  "nothing that is not the end": (it) => [chunk(it, NONE, octets(0), more)],
  "nothing with something": (it) => [chunk(it, NONE, octets(1))],
  "a block status": (it) => [chunk(it, BLOCK_STATUS, status(CONTEXT_ID, LENGTH, 0))],
  "an unknown chunk": (it) => [chunk(it, 99, octets(8))],
  "an error that is none": (it) => [chunk(it, ERROR, error(0, 0, ""))],
  "an error cut short": (it) => [chunk(it, ERROR, octets(5))],
  "B-50: an error whose text is longer than it is": (
    it,
  ) => [chunk(it, ERROR, error(5, 9, "short"))],
  "B-50: an error of 4 GiB": (it) => [chunk(it, ERROR, octets(100), { length: 0xffff_ffff })],
  "B-50: an error with 5,000 octets of text": (it) => [
    chunk(it, ERROR, error(5, 5000, "x".repeat(5000))),
  ],
  "the end amid data": (it) => [chunk(it, OFFSET_DATA, dataAt(8192, 100), { length: LENGTH + 8 })],
};

async function openOn(reply: Reply): Promise<{ ground: Ground; device: BlockDevice }> {
  const ground = new Ground(async (server) => {
    await server.negotiate();
    const request = await server.request();
    for (const each of reply(request!)) await server.send(each);
    await ground.settle();
    server.close();
  });
  return { ground, device: await ground.open() };
}

for (const [what, reply] of Object.entries(READ_REPLIES)) {
  Deno.test(`a read that is answered with ${what} does not succeed, and the server is left`, async () => {
    const { ground, device } = await openOn(reply);
    const failed = assert.rejects(device.read(8192, new Uint8Array(LENGTH), 0, LENGTH), {
      name: "DeviceError",
    });
    await ground.pass(3000);
    await failed;
    assert.match(ground.log[0]!, /^lost the connection/);
  });
}

const STATUS_REPLIES: Readonly<Record<string, Reply>> = {
  "a simple success": (it) => [simpleReply(it)],
  "nothing": (it) => [chunk(it, NONE)],
  "another context": (it) => [chunk(it, BLOCK_STATUS, status(CONTEXT_ID + 1, LENGTH, 0))],
  "an extent of no octets": (it) => [chunk(it, BLOCK_STATUS, status(CONTEXT_ID, 0, 0))],
  "no extent": (it) => [chunk(it, BLOCK_STATUS, status(CONTEXT_ID))],
  "half an extent": (it) => [chunk(it, BLOCK_STATUS, status(CONTEXT_ID, LENGTH))],
  "two answers": (it) => [
    chunk(it, BLOCK_STATUS, status(CONTEXT_ID, LENGTH, 0), more),
    chunk(it, BLOCK_STATUS, status(CONTEXT_ID, LENGTH, 3)),
  ],
  "data": (it) => [chunk(it, OFFSET_DATA, dataAt(8192, LENGTH))],
};

for (const [what, reply] of Object.entries(STATUS_REPLIES)) {
  Deno.test(`a block status that is answered with ${what} does not succeed`, async () => {
    const { ground, device } = await openOn(reply);
    const failed = assert.rejects(device.extents(8192, LENGTH, 9), { name: "DeviceError" });
    await ground.pass(3000);
    await failed;
  });
}

Deno.test("B-47: extents longer than the request are cut, and more than are wanted passed over", async () => {
  const huge = (it: ReceivedRequest) => [
    chunk(it, BLOCK_STATUS, status(CONTEXT_ID, 512, 3, 512, 0, 0xffff_ffff, 3, 0xffff_ffff, 0)),
  ];
  const whole = await openOn(huge);
  assert.deepEqual(await whole.device.extents(8192, LENGTH, 9), [
    { offset: 8192, length: 512, mapped: false },
    { offset: 8704, length: 512, mapped: true },
    { offset: 9216, length: 3072, mapped: false },
  ]);
  const some = await openOn(huge);
  assert.deepEqual(await some.device.extents(8192, LENGTH, 2), [
    { offset: 8192, length: 512, mapped: false },
    { offset: 8704, length: 512, mapped: true },
  ]);
});

Deno.test("what reads as zeros and may take space, or takes none and may not, counts as data", async () => {
  for (const flags of [1, 2]) {
    const { device } = await openOn((it) => [
      chunk(it, BLOCK_STATUS, status(CONTEXT_ID, LENGTH, flags)),
    ]);
    const runs = await device.extents(8192, LENGTH, 9);
    assert.deepEqual(runs, [{ offset: 8192, length: LENGTH, mapped: true }]);
  }
});

Deno.test("errors are told, with and without an offset, and those too that nobody knows", async () => {
  const withOffset = concatenated(error(28, 4, "full"), u64Octets(8192));
  const cases: readonly [Reply, string, RegExp][] = [
    [(it) => [chunk(it, ERROR, error(1, 2, "no"))], "read-only", /says: no$/],
    [(it) => [chunk(it, ERROR_OFFSET, withOffset)], "no-space", /full/],
    [(it) => [chunk(it, 0x8099, error(12_345, 0, ""))], "medium", /error 12345/],
    [
      (it) => [
        chunk(it, OFFSET_DATA, dataAt(8192, 100), more),
        chunk(it, ERROR, error(5, 3, "bad"), more),
        chunk(it, NONE),
      ],
      "medium",
      /bad/,
    ],
  ];
  for (const [reply, kind, message] of cases) {
    const { device } = await openOn(reply);
    await assert.rejects(device.read(8192, new Uint8Array(LENGTH), 0, LENGTH), { kind, message });
  }
});

Deno.test("data in any order, in pieces and holes, is put together", async () => {
  const { device } = await openOn((it) => [
    chunk(it, OFFSET_DATA, dataAt(8192 + 3000, 1096), more),
    chunk(it, OFFSET_HOLE, holeAt(8192 + 100, 900), more),
    chunk(it, OFFSET_DATA, dataAt(8192, 100), more),
    chunk(it, OFFSET_DATA, dataAt(8192 + 1000, 2000)),
  ]);
  const into = new Uint8Array(LENGTH).fill(9);
  await device.read(8192, into, 0, LENGTH);
  assert.deepEqual(into, new Uint8Array(LENGTH).fill(1).fill(0, 100, 1000));
});

Deno.test("a server that stops is left when it has answered, and asked again when it is back", async () => {
  const serve = async (server: RawNbdServer) => {
    await server.negotiate();
    const request = await server.request();
    await server.send(chunk(request!, OFFSET_DATA, dataAt(8192, LENGTH)));
    await server.request();
  };
  const stop = async (server: RawNbdServer) => {
    await server.negotiate();
    const request = await server.request();
    await server.send(chunk(request!, ERROR, error(108, 0, "")));
    await server.request();
  };
  const ground = new Ground(stop, serve);
  const device = await ground.open();
  const into = new Uint8Array(LENGTH);
  const reading = device.read(8192, into, 0, LENGTH);
  await ground.pass(500);
  await reading;
  assert.deepEqual(into, octets(LENGTH));
});

Deno.test("a server without flush and with FUA is asked to make every write durable", async () => {
  const flags: number[] = [];
  const ground = new Ground(async (server) => {
    await server.negotiate(SIZE, 0x0001 | 0x0008); // FUA alone
    for (;;) {
      const request = await server.request();
      if (request === undefined || request.type === RequestType.DISC) return server.close();
      flags.push(request.type, request.flags);
      await server.send(simpleReply(request));
    }
  });
  const device = await ground.open();
  await device.write(0, octets(512), 0, 512);
  await device.unmap(0, 512); // by zeros, since it knows no other way
  await device.flush();
  await device.close();
  assert.deepEqual(flags, [RequestType.WRITE, 1, RequestType.WRITE, 1]);
});

Deno.test("F5: whatever a server sends, the client ends in time and believes none of it", async () => {
  const chance = new Chance(chooseSeed());
  for (let round = 0; round < 300; round++) {
    const good: Reply = (it) => [
      chunk(it, OFFSET_HOLE, holeAt(8192, 1024), more),
      chunk(it, OFFSET_DATA, dataAt(9216, 3072), more),
      chunk(it, NONE),
    ];
    const { ground, device } = await openOn((it) => {
      const spoilt = concatenated(...good(it));
      for (let i = chance.between(1, 3); i > 0; i--) {
        spoilt[chance.below(100)]! ^= 1 << chance.below(8);
      }
      const length = chance.in100(30) ? chance.between(1, spoilt.length) : spoilt.length;
      return [spoilt.subarray(0, length)];
    });
    const into = new Uint8Array(LENGTH).fill(0xdd);
    const reading = device.read(8192, into, 0, LENGTH).then(() => true, () => false);
    await ground.pass(2500);
    // What was not touched by the change may well come to the right end.
    if (await reading) assert.ok(into.every((octet) => octet !== 0xdd));
  }
});
