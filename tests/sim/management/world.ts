/** A running service and the model of it, which every command must change alike. */
import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../lib/config/offline.ts";
import { StateControl } from "../../../lib/config/state_control.ts";
import { StateStore } from "../../../lib/config/store.ts";
import { AsyncEvent } from "../../../lib/iscsi/pdu/async_message.ts";
import { LoginStatus } from "../../../lib/iscsi/pdu/login_response.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import { TestService } from "../../unit/config/service_fixture.ts";
import { MemoryDiskFiles } from "../../unit/config/memory_disk_files.ts";
import { TestSockets } from "../../unit/config/test_sockets.ts";
import type { Command } from "./commands.ts";
import { checkFacts } from "./check_facts.ts";
import { discovered, logOut, look, newsOf, type SeenLuns } from "./eyes.ts";
import { admits, HOSTS, Model, type ModelSession, type ModelTarget, Refused } from "./model.ts";
import { isReachable } from "./portal_verbs.ts";
import { checkProofs } from "./proofs.ts";
import type { Tally } from "./tally.ts";
import { VERBS } from "./verbs.ts";

/** Sessions that are open at a time. */
const MOST_SESSIONS = 4;
/** A command that takes longer waits for something that does not come. */
const PATIENCE_MS = 10_000;

/** A session from its initiator's side. */
interface Seen {
  readonly initiator: TestInitiator;
  luns: SeenLuns;
}

export class World {
  readonly model: Model;
  readonly directory: string;
  readonly #tally: Tally;
  #service: TestService;
  readonly #sessions = new Map<ModelSession, Seen>();
  #isid = 0;

  private constructor(directory: string, service: TestService, iqnBase: string, tally: Tally) {
    this.directory = directory;
    this.#tally = tally;
    this.#service = service;
    this.model = new Model(iqnBase);
    this.model.files.set("/d/there.img", 2 << 20);
  }

  static async start(directory: string, tally: Tally): Promise<World> {
    const files = new MemoryDiskFiles();
    files.put("/d/there.img", 2 << 20);
    const service = await TestService.start(directory, files);
    service.service.listen(new TestSockets());
    const { iqnBase } = await service.service.state();
    return new World(directory, service, iqnBase, tally);
  }

  get service(): TestService {
    return this.#service;
  }

  /** Does it on both sides, and compares all that can be seen. */
  async step({ verb, values }: Command): Promise<void> {
    this.#tally.add("commands");
    if (verb === "logIn") await this.#logIn(values[0] as string, values[1] as string);
    else if (verb === "logOut") await this.#logOut(values[0] as string, values[1] as string);
    else if (verb === "restart") await this.#restart();
    else await this.#command(verb, values);
    await this.#check();
  }

  /** That what is declared is on the disk too, and makes another server the same. */
  async conclude(): Promise<void> {
    const { service, control } = this.#service;
    const { state, secrets } = await new StateStore(this.directory).loadAll();
    assert.deepEqual(state, await service.state(), "the state file");
    assert.deepEqual(new Set(secrets.keys()), new Set((await service.secrets()).keys()));
    const { document } = await control.export({ secrets: true });
    const keeper = new OfflineKeeper(`${this.directory}/other`, new MemoryDiskFiles());
    const other = new StateControl(keeper);
    await other.apply(document);
    assert.deepEqual((await other.export({ secrets: true })).document, document, "another server");
    assert.deepEqual((await control.apply(document, { prune: true })).facts.steps, []);
  }

  async stop(): Promise<void> {
    await this.#service.stop();
  }

  async #command(verb: string, values: readonly unknown[]): Promise<void> {
    const expected = this.#predict(verb, values);
    const { ended } = this.model;
    const done = this.#call(verb, values).then(() => "done", refusalOf);
    const seen = ended.map(({ session, asked }) => ({ ...this.#sessions.get(session)!, asked }));
    for (const { session } of ended) this.#sessions.delete(session);
    const checked = done.then((outcome) => assert.equal(outcome, expected));
    await inTime(Promise.all([checked, this.#ends(seen)]));
    this.#tally.add(`${verb} ${expected}`);
    this.#tally.add("sessions ended", ended.length);
  }

  /** A verb of the control, or, after a period, of a part of it. */
  #call(verb: string, values: readonly unknown[]): Promise<unknown> {
    const [part, method] = verb.split(".");
    const control = this.#service.control as unknown as Record<string, unknown>;
    const owner = (method === undefined ? control : control[part!]) as Record<string, Verb>;
    return owner[method ?? part!]!(...values);
  }

  /** What the model makes of it: the kind of its refusal, or "done". */
  #predict(verb: string, values: readonly unknown[]): string {
    this.model.ended = [];
    try {
      VERBS.get(verb)!(this.model, ...values as never[]);
      return "done";
    } catch (error) {
      if (error instanceof Refused) return error.kind;
      throw error;
    }
  }

  /** Sees the sessions end: their initiators are asked to log out, and do not. */
  async #ends(seen: readonly (Seen & { readonly asked: boolean })[]): Promise<void> {
    const asked = seen.filter((each) => each.asked);
    for (const { initiator } of asked) await hear(initiator, AsyncEvent.LOGOUT_REQUESTED);
    if (asked.length > 0) this.#service.clock.advance(5_000);
    for (const { initiator } of seen) {
      await hear(initiator, AsyncEvent.SESSION_DROPPED);
      assert.equal(await initiator.announcement(), null);
    }
  }

  async #logIn(host: string, name: string): Promise<void> {
    const target = this.model.targets.find((each) => each.name === name);
    if (target === undefined || this.model.sessions.length === MOST_SESSIONS) return;
    if (!isReachable(this.model.portals)) return;
    const { iqn, address } = HOSTS[host]!;
    const asked = { name: iqn, isid: ++this.#isid, iqn: target.iqn, from: address };
    const { status, initiator } = await this.#service.tryLogIn(name, asked);
    const expected = !admits(target, HOSTS[host]!)
      ? LoginStatus.NOT_FOUND
      : target.chap === undefined
      ? LoginStatus.SUCCESS
      : LoginStatus.AUTHENTICATION_FAILURE;
    assert.equal(status, expected, "the status of a login");
    this.#tally.add(`login ${status.toString(16)}`);
    if (status !== LoginStatus.SUCCESS) return;
    const session = { host, target };
    this.model.sessions.push(session);
    this.#sessions.set(session, { initiator, luns: new Map() });
    // Whatever is there is new to it, and nothing else is told.
    const luns = this.#lunsOf(target);
    const { attentions } = newsOf(new Map(), luns);
    await look(initiator, luns, { attentions, events: [] });
    this.#sessions.get(session)!.luns = luns;
  }

  async #logOut(host: string, name: string): Promise<void> {
    const isIt = (each: ModelSession) => each.host === host && each.target.name === name;
    const session = this.model.sessions.find(isIt);
    if (session === undefined) return;
    await logOut(this.#sessions.get(session)!.initiator);
    this.#sessions.delete(session);
    this.model.sessions = this.model.sessions.filter((each) => each !== session);
  }

  async #restart(): Promise<void> {
    const { files } = this.#service;
    await this.#service.stop();
    this.#sessions.clear();
    this.model.sessions = [];
    this.#service = await TestService.start(this.directory, files);
    this.#service.service.listen(new TestSockets());
  }

  async #check(): Promise<void> {
    await checkFacts(this.model, this.#service);
    for (const [{ target }, seen] of this.#sessions) {
      const luns = this.#lunsOf(target);
      const news = newsOf(seen.luns, luns);
      await look(seen.initiator, luns, news);
      seen.luns = luns;
      this.#tally.add("LUNs looked at", luns.size);
      this.#tally.add("news", news.events.length);
    }
    if (isReachable(this.model.portals)) {
      for (const host of Object.keys(HOSTS)) await this.#discover(host);
      await checkProofs(this.model, this.#service);
    }
    assert.deepEqual(this.#service.errors, []);
  }

  /** Discovery shows the initiator the targets that it may use, and no others. */
  async #discover(host: string): Promise<void> {
    if (this.model.discovery.chap !== undefined) return;
    const { iqn, address } = HOSTS[host]!;
    const initiator = await this.#service.discover({ name: iqn, from: address });
    const found = await discovered(initiator);
    const allowed = this.model.targets.filter((target) => admits(target, HOSTS[host]!));
    assert.deepEqual(found.sort(), allowed.map((target) => target.iqn).sort(), "discovery");
    await logOut(initiator);
  }

  #lunsOf(target: ModelTarget): SeenLuns {
    return new Map(
      this.model.luns(target).map(({ lun, disk, readOnly }) => [
        lun,
        { disk, readOnly, size: disk.size },
      ]),
    );
  }
}

type Verb = (...values: readonly unknown[]) => Promise<unknown>;

function refusalOf(error: unknown): string {
  if (error instanceof ControlError) return error.kind;
  throw error;
}

/** Hears what there is until this event comes. */
async function hear(initiator: TestInitiator, event: number): Promise<void> {
  for (;;) {
    const heard = await initiator.announcement();
    assert.notEqual(heard, null, `the connection was closed before event ${event}`);
    if (heard!.event === event) return;
    assert.equal(heard!.event, AsyncEvent.SCSI_EVENT);
  }
}

/** What is awaited, unless it does not come. */
async function inTime(awaited: Promise<unknown>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the command does not end")), PATIENCE_MS);
  try {
    await Promise.race([awaited, promise]);
  } finally {
    clearTimeout(timer);
  }
}
