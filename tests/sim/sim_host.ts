/**
 * A simulated initiator: logs in, keeps the disk busy, and does to its connections what happens to
 * them.
 */
import { LogoutReason } from "../../lib/iscsi/pdu/logout_request.ts";
import { TaskManagementFunction } from "../../lib/iscsi/pdu/task_management_request.ts";
import { INITIATOR_NAME, TARGET_NAME, type TestTarget } from "../support/test_target.ts";
import { type Taste, thinkOfCommand } from "./commands.ts";
import { SimConnection } from "./sim_connection.ts";
import type { SimDisk } from "./sim_disk.ts";
import { type SimParameters, SimSession } from "./sim_session.ts";
import { SimStream } from "./sim_stream.ts";
import type { World } from "./world.ts";

export interface SimHostOptions {
  readonly world: World;
  readonly target: TestTarget;
  readonly disk: SimDisk;
  readonly taste: Taste;
  readonly number: number;
  readonly commands: number;
  /** Of a hundred turns of fate, how many are bad. */
  readonly troublePercent: number;
  readonly wrong: (what: string) => void;
  readonly onOthersKilled: (session: SimSession) => void;
}

const { ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, LOGICAL_UNIT_RESET, TARGET_WARM_RESET } =
  TaskManagementFunction;

export class SimHost {
  session: SimSession | undefined;
  /** What has been sent and answered. */
  readonly counts = { good: 0, failed: 0, gone: 0 };
  isDone = false;
  readonly streams: SimStream[] = [];
  readonly #options: SimHostOptions;
  readonly #isid: Uint8Array;
  readonly #old: SimSession[] = [];
  #login: Promise<void> | undefined;
  #commandsLeft: number;
  #cid = 0;

  constructor(options: SimHostOptions) {
    this.#options = options;
    this.#commandsLeft = options.commands;
    this.#isid = Uint8Array.of(0x80, 0, 0, 0, 0, options.number);
  }

  get name(): string {
    return `host ${this.#options.number}`;
  }

  /** Does all that it is to do, then leaves, in order or not. */
  async live(): Promise<void> {
    const { world } = this.#options;
    const workers = Array.from({ length: world.chance.between(1, 10) }, () => this.#work());
    this.#suffer();
    await Promise.all(workers);
    this.isDone = true;
    const { session } = this;
    if (session !== undefined && world.chance.in100(70)) {
      await session.logOut(LogoutReason.CLOSE_SESSION, 0);
    }
    session?.end();
  }

  /** Nothing of it can reach the disk any more: its sessions have ended. */
  settle(): void {
    for (const session of this.#old) session.settle();
    this.session?.settle();
  }

  async #work(): Promise<void> {
    const { world, disk, taste } = this.#options;
    const around = { chance: world.chance, disk, taste };
    while (this.#commandsLeft > 0) {
      const session = await this.#ready();
      this.#commandsLeft--;
      this.counts[await session.run(thinkOfCommand(around))]++;
      if (world.chance.in100(20)) await world.after(world.chance.below(20));
    }
  }

  /** The session, begun anew where the last one is over. */
  async #ready(): Promise<SimSession> {
    while (this.session === undefined || this.session.isOver) await this.#renew();
    return this.session;
  }

  /** Logs in, once at a time: of two logins under way nobody knows which the target took last. */
  #renew(): Promise<void> {
    return this.#login ??= this.#logIn().finally(() => this.#login = undefined);
  }

  /** Whatever may happen to an initiator. */
  async #suffer(): Promise<void> {
    const { world, troublePercent } = this.#options;
    while (!this.isDone) {
      await world.after(world.chance.between(5, 60));
      const { session } = this;
      if (session === undefined || session.isOver || !world.chance.in100(troublePercent)) continue;
      await this.#trouble(session);
    }
  }

  async #trouble(session: SimSession): Promise<void> {
    const { world } = this.#options;
    const { chance } = world;
    const connections = [...session.connections].filter(({ isLeaving }) => !isLeaving);
    const connection = connections.length === 0 ? undefined : chance.one(connections);
    const at = chance.below(100);
    if (at < 35) await session.manage(ABORT_TASK);
    else if (at < 45) await session.manage(ABORT_TASK_SET);
    else if (at < 49) await session.manage(CLEAR_TASK_SET);
    else if (at < 54) await session.manage(LOGICAL_UNIT_RESET);
    else if (at < 56) await session.manage(TARGET_WARM_RESET);
    else if (at < 70) connection?.stream.stall(chance.between(10, 120));
    else if (at < 80) await this.#join(session);
    else if (at < 84 && connections.length > 1) {
      await session.logOutConnection(connection!);
    } else if (at < 86) await session.logOut(LogoutReason.CLOSE_SESSION, 0);
    else if (at < 92) this.#cut(connection);
    else if (at < 96) await this.#renew(); // in the place of the one that is there
  }

  #cut(connection: SimConnection | undefined): void {
    if (connection === undefined) return;
    this.#options.world.tell(`${this.name} loses connection ${connection.cid}`);
    connection.close();
  }

  #connect(): SimConnection {
    const { world, target, number } = this.#options;
    const [ours, theirs] = SimStream.pair(world);
    this.streams.push(theirs);
    target.server.run(theirs, {
      localAddress: "192.0.2.1",
      localPort: 3260,
      remoteAddress: `192.0.2.${100 + number}`,
      remotePort: 40_000,
      portalGroupTag: 1,
    });
    return new SimConnection(ours, this.#cid = (this.#cid + 1) & 0xffff);
  }

  async #logIn(): Promise<void> {
    const { world, disk } = this.#options;
    const { chance } = world;
    const connection = this.#connect();
    const maxBurstLength = chance.one([1024, 4096, 16_384, 65_536]);
    const maxRecvDataSegmentLength = chance.one([512, 1000, 8192, 65_536]);
    const firstCmdSN = chance.one([0xfffffff0, 1, 0x7ffffff0]);
    const { status, keys, tsih } = await connection.initiator.login({
      ...this.#names,
      InitialR2T: chance.one(["Yes", "No"]),
      ImmediateData: chance.one(["Yes", "No"]),
      MaxBurstLength: String(maxBurstLength),
      FirstBurstLength: String(Math.min(maxBurstLength, chance.one([512, 1024, 4096]))),
      MaxOutstandingR2T: String(chance.between(1, 4)),
      MaxConnections: "4",
      MaxRecvDataSegmentLength: String(maxRecvDataSegmentLength),
      ...digests(world),
    }, { isid: this.#isid, cid: connection.cid, cmdSN: firstCmdSN });
    world.tell(`${this.name} logs in: ${status}`);
    if (status !== 0 || this.isDone) return connection.close();
    // The target has ended what there was before.
    const { session: last } = this;
    if (last !== undefined) this.#old.push(last);
    last?.end();
    for (const session of this.#old) session.settle();
    this.session = new SimSession({
      ...{ world, disk, name: this.name, tsih, firstCmdSN },
      parameters: parametersOf(keys, maxRecvDataSegmentLength),
      wrong: this.#options.wrong,
      onOthersKilled: this.#options.onOthersKilled,
    });
    this.#start(this.session, connection);
    for (let i = chance.one([0, 0, 1, 3]); i > 0; i--) this.#join(this.session);
  }

  /** One more connection. */
  async #join(session: SimSession): Promise<void> {
    if (session.connections.size >= session.parameters.maxConnections) return;
    const connection = this.#connect();
    const { parameters } = session;
    const { status } = await connection.initiator.login({
      ...this.#names,
      MaxRecvDataSegmentLength: String(parameters.maxRecvDataSegmentLength),
      ...digests(this.#options.world),
    }, {
      isid: this.#isid,
      tsih: session.tsih,
      cid: connection.cid,
      cmdSN: session.nextCmdSN,
    });
    this.#options.world.tell(`${this.name} joins: ${status}`);
    if (status !== 0 || session.isOver) connection.close();
    else this.#start(session, connection);
  }

  #start(session: SimSession, connection: SimConnection): void {
    session.connections.add(connection);
    connection.run(session);
  }

  get #names(): Readonly<Record<string, string>> {
    return { InitiatorName: `${INITIATOR_NAME}.${this.#options.number}`, TargetName: TARGET_NAME };
  }
}

function digests({ chance }: World): Readonly<Record<string, string>> {
  const choices = ["None", "CRC32C", "CRC32C,None"];
  return { HeaderDigest: chance.one(choices), DataDigest: chance.one(choices) };
}

function parametersOf(
  keys: ReadonlyMap<string, string>,
  maxRecvDataSegmentLength: number,
): SimParameters {
  return {
    initialR2T: keys.get("InitialR2T") === "Yes",
    immediateData: keys.get("ImmediateData") === "Yes",
    firstBurstLength: Number(keys.get("FirstBurstLength")),
    maxBurstLength: Number(keys.get("MaxBurstLength")),
    maxOutstandingR2T: Number(keys.get("MaxOutstandingR2T")),
    maxConnections: Number(keys.get("MaxConnections")),
    maxRecvDataSegmentLength,
  };
}
