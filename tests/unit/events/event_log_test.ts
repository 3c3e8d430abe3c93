import assert from "node:assert/strict";
import { EventLog } from "../../../lib/events/event_log.ts";
import { KeptEvents } from "../../../lib/events/kept_events.ts";
import { type EventReader, readEvents } from "../../../lib/events/read_events.ts";
import type { SegmentLimits } from "../../../lib/events/segment_writer.ts";
import { LogBook } from "../../support/login.ts";
import { TestClock } from "../../support/test_clock.ts";

/** An event log in a directory of its own, which can be closed and opened again. */
class Ground {
  readonly clock = new TestClock();
  readonly book = new LogBook();
  readonly directory: string;
  readonly #scratch: string;
  log: EventLog;

  constructor(scratch: string, readonly limits?: SegmentLimits) {
    this.#scratch = scratch;
    this.directory = `${scratch}/events`;
    this.log = this.#open();
  }

  #open(): EventLog {
    const { clock, directory, limits, book: logger } = this;
    return new EventLog({ directory, clock, logger, ...(limits === undefined ? {} : { limits }) });
  }

  async reopen(): Promise<void> {
    await this.log.close();
    this.log = this.#open();
  }

  async files(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.directory));
    return entries.map(({ name }) => `${this.directory}/${name}`).sort();
  }

  async close(): Promise<void> {
    await this.log.close();
    await Deno.remove(this.#scratch, { recursive: true });
  }
}

async function withLog(
  test: (ground: Ground) => Promise<void>,
  limits?: SegmentLimits,
): Promise<void> {
  const ground = new Ground(await Deno.makeTempDir(), limits);
  try {
    await test(ground);
  } finally {
    await ground.close();
  }
}

function change(log: EventLog, from: number, count = 1): void {
  for (let i = from; i < from + count; i++) log.note("configuration-changed", { change: `c${i}` });
}

function refuse(log: EventLog, address: string, reason = "no"): void {
  const rest = { initiator: "iqn.2026-01.com.example:eve", target: "mail", status: "0203" };
  log.note("login-refused", { ...rest, address, reason });
}

async function texts(reader: EventReader): Promise<string[]> {
  return (await reader.read({})).events.map(({ text }) => text);
}

Deno.test("EventLog keeps events in their order, also when it is opened again", () =>
  withLog(async (ground) => {
    change(ground.log, 1);
    refuse(ground.log, "192.0.2.9");
    change(ground.log, 2);
    const { events, next, more } = await ground.log.read({});
    assert.deepEqual(events.map(({ sequence }) => sequence), [1, 2, 3]);
    assert.deepEqual([next, more], [3, false]);
    assert.deepEqual(events[0], {
      sequence: 1,
      at: "2026-01-01T00:00:00.000Z",
      kind: "configuration-changed",
      data: { change: "c1" },
      source: "service",
      id: 3,
      severity: "info",
      text: "c1",
      cause: "the operator changed what is declared",
      remedy: "nothing needs to be done",
    });
    assert.equal(
      events[1]!.text,
      "iqn.2026-01.com.example:eve from 192.0.2.9 was refused by mail with status 0203: no",
    );
    await ground.reopen();
    change(ground.log, 3);
    assert.deepEqual((await ground.log.read({ after: 2 })).events.map((it) => it.text), [
      "c2",
      "c3",
    ]);
    for (const file of await ground.files()) {
      assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    }
  }));

Deno.test("EventLog answers by time and by source, in parts", () =>
  withLog(async ({ log, clock }) => {
    change(log, 1, 3);
    clock.advance(60_000);
    refuse(log, "192.0.2.9");
    change(log, 4);
    const since = clock.now().getTime();
    assert.equal((await log.read({ since })).events.length, 2);
    assert.equal((await log.read({ source: "target" })).events.length, 1);
    const first = await log.read({ source: "service", limit: 3 });
    assert.deepEqual([first.events.length, first.more], [3, true]);
    const second = await log.read({ source: "service", limit: 3, after: first.next });
    assert.deepEqual([second.events.map(({ text }) => text), second.more], [["c4"], false]);
  }));

Deno.test("EventLog: wherever a crash cuts its file, whole events stay and it goes on", () =>
  withLog(async (ground) => {
    change(ground.log, 1, 3);
    await ground.log.close();
    const [file] = await ground.files();
    const whole = await Deno.readFile(file!);
    const ends = [...whole.entries()].filter(([, octet]) => octet === 10).map(([at]) => at + 1);
    for (let length = 0; length <= whole.length; length++) {
      await Deno.writeFile(file!, whole.subarray(0, length));
      const left = ends.filter((end) => end <= length).length;
      assert.equal((await readEvents(ground.directory, {})).events.length, left);
      await ground.reopen();
      change(ground.log, 9);
      const { events } = await ground.log.read({});
      assert.equal(events.length, left + 1, `cut to ${length} octets`);
      assert.deepEqual(events.at(-1)!.text, "c9");
      await ground.log.close();
    }
  }));

Deno.test("EventLog passes over what is no event", () =>
  withLog(async (ground) => {
    change(ground.log, 1);
    await ground.log.close();
    const [file] = await ground.files();
    const bad = ["", "{", "[]", "null", "{}", '{"sequence":"2"}', '{"sequence":9,"at":1}', "\xff"];
    const data = { sequence: 2, at: "x", kind: "k", data: { a: { b: 1 } } };
    const text = [...bad, JSON.stringify(data)].map((line) => `${line}\n`).join("");
    await Deno.writeTextFile(file!, text, { append: true });
    const future = {
      sequence: 3,
      at: "2026-01-01T00:00:00.000Z",
      kind: "comet",
      data: { tail: 2 },
    };
    await Deno.writeTextFile(file!, `${JSON.stringify(future)}\n`, { append: true });
    await ground.reopen();
    change(ground.log, 2);
    assert.deepEqual(await texts(ground.log), ["c1", "comet tail=2", "c2"]);
  }));

Deno.test("EventLog: the oldest make way, by number and by octets", async () => {
  const limits = { segments: 3, linesOfSegment: 10, octetsOfSegment: 1 << 20 };
  await withLog(async (ground) => {
    for (let i = 0; i < 95; i++) {
      change(ground.log, i);
      await ground.log.read({ limit: 1 });
    }
    const { events } = await ground.log.read({});
    assert.deepEqual([events.length, events[0]!.text, events.at(-1)!.text], [25, "c70", "c94"]);
    assert.equal((await ground.files()).length, 3);
  }, limits);
  const small = { segments: 2, linesOfSegment: 1e6, octetsOfSegment: 4096 };
  await withLog(async (ground) => {
    for (let i = 0; i < 50; i++) {
      change(ground.log, i * 100, 100);
      await ground.log.read({ limit: 1 });
    }
    let octets = 0;
    for (const file of await ground.files()) octets += (await Deno.stat(file)).size;
    assert.ok(octets <= 2 * (4096 + 256), `${octets} octets`);
    assert.equal((await ground.log.read({})).events.at(-1)!.text, "c4999");
  }, small);
});

Deno.test("B-16: strangers neither fill the event log nor drive other events out", () =>
  withLog(async ({ log, clock, directory }) => {
    change(log, 1);
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 50; i++) refuse(log, `198.51.100.${i}`);
      clock.advance(1000);
      await log.read({ limit: 1 });
    }
    refuse(log, "192.0.2.1", "somebody else's");
    const kept = (await readEvents(directory, { source: "target", limit: 1e9 })).events;
    // A burst, then two a second, and a line a minute about what was left out.
    assert.ok(kept.length <= 500 + 2 * 600 + 10, `${kept.length} events`);
    const told = kept.filter(({ kind }) => kind === "events-left-out");
    assert.ok(told.length >= 9 && told.length <= 10, `told ${told.length} times`);
    assert.match(told[0]!.text, /^\d+ events about peers were left out, most of them from 198/);
    assert.deepEqual((await log.read({ source: "service" })).events.map(({ text }) => text), [
      "c1",
    ]);
  }));

Deno.test("B-16: one address that floods leaves room for the others", () =>
  withLog(async ({ log, clock }) => {
    for (let i = 0; i < 10_000; i++) refuse(log, "198.51.100.7");
    clock.advance(1000);
    refuse(log, "192.0.2.1", "somebody else");
    const { events } = await log.read({ source: "target" });
    assert.equal(events.length, 101);
    assert.match(events.at(-1)!.text, /somebody else/);
  }));

Deno.test("B-16: what peers say is escaped and cut before it is kept", () =>
  withLog(async (ground) => {
    refuse(ground.log, "192.0.2.9", `a\x1b[2J\r\n\u202e\0${"x".repeat(10_000)}`);
    const { events } = await ground.log.read({});
    const reason = String(events[0]!.data["reason"]);
    assert.equal(reason.length, 256);
    assert.match(reason, /^a\\u\{1b\}\[2J\\u\{d\}\\u\{a\}\\u\{202e\}\\u\{0\}x+…$/);
  }));

Deno.test("EventLog that cannot be written says so once, and writes when it can again", () =>
  withLog(async ({ log, clock, directory, book }) => {
    await Deno.writeTextFile(directory, "in the way");
    change(log, 1);
    await log.read({}).catch(() => undefined);
    for (let i = 0; i < 3; i++) {
      change(log, 2 + i);
      clock.advance(10_000);
      await log.read({}).catch(() => undefined);
    }
    assert.equal(book.lines.filter(({ level }) => level === "warn").length, 1);
    await Deno.remove(directory);
    clock.advance(10_000);
    assert.deepEqual(await texts(log), ["c1", "c2", "c3", "c4"]);
  }));

Deno.test("EventLog: a reader may wait for what is to come, and no longer than it wants", () =>
  withLog(async ({ log, clock }) => {
    change(log, 1);
    const { next } = await log.read({});
    const waiting = log.read({ after: next, waitMs: 20_000 });
    await oneWaits(log);
    change(log, 2);
    assert.deepEqual((await waiting).events.map(({ text }) => text), ["c2"]);

    const inVain = log.read({ after: 2, waitMs: 20_000 });
    await oneWaits(log);
    clock.advance(20_000);
    assert.deepEqual((await inVain).events, []);

    const gone = new AbortController();
    const calledOff = log.read({ after: 2, waitMs: 20_000 }, gone.signal);
    await oneWaits(log);
    gone.abort();
    assert.deepEqual((await calledOff).events, []);

    const atTheEnd = log.read({ after: 2, waitMs: 20_000 });
    await oneWaits(log);
    log.letGo();
    assert.deepEqual((await atTheEnd).events, []);
  }));

Deno.test("KeptEvents sees what another process keeps", () =>
  withLog(async ({ log, directory }) => {
    const kept = new KeptEvents(directory);
    assert.deepEqual((await kept.read({})).events, []);
    const waiting = kept.read({ waitMs: 60_000 });
    change(log, 1);
    assert.deepEqual((await waiting).events.map(({ text }) => text), ["c1"]);
    const gone = new AbortController();
    const calledOff = kept.read({ after: 1, waitMs: 60_000 }, gone.signal);
    gone.abort();
    assert.deepEqual((await calledOff).events, []);
  }));

async function oneWaits(log: EventLog): Promise<void> {
  while (log.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("EventLog: what is noted at the very end of a writing is written too, without waiting for more", () =>
  withLog(async ({ log, clock }) => {
    change(log, 1);
    const { next } = await log.read({});
    // The wait of a reader is called off just then.
    const after = clock.after.bind(clock);
    clock.after = (delayMs, then) => {
      const callOff = after(delayMs, then);
      return () => {
        callOff();
        change(log, 3);
      };
    };
    const waiting = log.read({ after: next, waitMs: 20_000 });
    await oneWaits(log);
    change(log, 2);
    await waiting;
    const { events } = await log.read({});
    assert.deepEqual(events.map(({ data }) => data["change"]), ["c1", "c2", "c3"]);
  }));
