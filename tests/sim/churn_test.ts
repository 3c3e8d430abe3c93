import assert from "node:assert/strict";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { LogoutRequest } from "../../lib/iscsi/pdu/logout_request.ts";
import { TaskManagementFunction } from "../../lib/iscsi/pdu/task_management_request.ts";
import { TestInitiator } from "../support/test_initiator.ts";
import { INITIATOR_NAME, TARGET_NAME, TestTarget } from "../support/test_target.ts";
import { Intent } from "./intent.ts";
import { SimDisk } from "./sim_disk.ts";
import { SimStream } from "./sim_stream.ts";
import { World } from "./world.ts";

const WORLDS = Number(Deno.env.get("SANCTL_CHURN_WORLDS") ?? 250);
const LOGINS_OF_A_WORLD = 40;
const BLOCK = 512;
const { LOGICAL_UNIT_RESET, TARGET_COLD_RESET, ABORT_TASK_SET } = TaskManagementFunction;

/** One world in which connections of two nexuses come, do something to each other, and go. */
class Churn {
  readonly world: World;
  readonly disk: SimDisk;
  readonly target: TestTarget;
  readonly streams: SimStream[] = [];
  #tsih = 0;
  #left = LOGINS_OF_A_WORLD;
  #living = 0;
  #port = 1;

  constructor(seed: number) {
    this.world = new World(seed);
    this.disk = new SimDisk(this.world, 1 << 16, { atOncePercent: 20, faultsInThousand: 0 });
    this.target = new TestTarget({ device: this.disk, random: this.world.chance });
    // One pattern, which everybody writes at any time.
    for (let lba = 0; lba < 8; lba++) {
      const octets = new Uint8Array(BLOCK).fill(lba + 1);
      this.disk.intents.add(new Intent("pattern", lba * BLOCK, octets));
    }
  }

  async run(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      this.#living++;
      this.#act().finally(() => this.#living--);
    }
    assert.ok(await this.world.run(() => this.#living === 0, 100_000), "everybody has left");
    const { server, node } = this.target;
    const isQuiet = (): boolean =>
      server.connectionCount === 0 && node.sessions.size === 0 && server.lentBuffers === 0;
    await this.world.run(isQuiet, 20_000);
    this.#check();
    await this.target.close();
  }

  #check(): void {
    const { server, node, unit, target, log } = this.target;
    assert.equal(node.sessions.size, 0, "no session is left");
    assert.equal(target.sessions.size, 0);
    assert.equal(server.connectionCount, 0);
    assert.equal(server.lentBuffers, 0);
    assert.equal(unit.tasks.count, 0);
    assert.equal([...unit.attentions.nexuses()].length, 0, "no nexus is left");
    assert.deepEqual(this.disk.wrongs, []);
    assert.deepEqual(this.streams.flatMap(({ wrongs }) => wrongs), []);
    assert.deepEqual(log.filter(({ level }) => level === "error"), []);
  }

  async #act(): Promise<void> {
    while (this.#left-- > 0) {
      const [ours, theirs] = SimStream.pair(this.world);
      this.streams.push(theirs);
      this.target.server.run(theirs, {
        localAddress: "192.0.2.1",
        localPort: 3260,
        remoteAddress: "192.0.2.101",
        remotePort: this.#port++,
        portalGroupTag: 1,
      });
      const episode = this.#episode(new TestInitiator(ours)).catch(() => undefined);
      const life = this.world.after(this.world.chance.between(5, 80));
      await Promise.race([episode, life]);
      ours.close();
      await episode;
    }
  }

  async #episode(initiator: TestInitiator<SimStream>): Promise<void> {
    const { chance } = this.world;
    const { status, tsih } = await initiator.login({
      InitiatorName: INITIATOR_NAME,
      TargetName: TARGET_NAME,
      MaxConnections: "2",
    }, {
      isid: Uint8Array.of(0x80, 0, 0, 0, 0, chance.below(2)),
      tsih: chance.in100(40) ? this.#tsih : 0,
      cid: chance.below(2),
    });
    if (status !== 0) return;
    this.#tsih = tsih;
    for (let i = chance.below(6); i >= 0; i--) await this.#disturb(initiator);
    while (await initiator.receive() !== null) { /* to the end */ }
  }

  async #disturb(initiator: TestInitiator<SimStream>): Promise<void> {
    const { chance } = this.world;
    const at = chance.below(100);
    if (at < 55) {
      const lba = chance.below(8);
      await initiator.command({
        cdb: [0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0],
        write: true,
        length: BLOCK,
        data: new Uint8Array(BLOCK).fill(lba + 1),
        immediate: chance.in100(50),
        attribute: chance.below(4),
      });
    } else if (at < 65) await initiator.manage({ functionCode: ABORT_TASK_SET });
    else if (at < 72) await initiator.manage({ functionCode: LOGICAL_UNIT_RESET });
    else if (at < 75) await initiator.manage({ functionCode: TARGET_COLD_RESET });
    else if (at < 90) await this.#logOut(initiator, chance.below(3), chance.below(2));
    else await initiator.receive();
  }

  async #logOut(initiator: TestInitiator<SimStream>, reason: number, cid: number): Promise<void> {
    const pdu = new LogoutRequest(new Uint8Array(48));
    pdu.opcode = Opcode.LOGOUT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    pdu.reason = reason;
    pdu.cid = cid;
    pdu.initiatorTaskTag = initiator.takeTag();
    pdu.cmdSN = initiator.cmdSN;
    await initiator.send(new Uint8Array(pdu.view.buffer));
  }
}

Deno.test(`B-22: ${WORLDS * LOGINS_OF_A_WORLD} logins, each in another's way, leave nothing behind`, async () => {
  for (let seed = 1; seed <= WORLDS; seed++) {
    try {
      await new Churn(seed).run();
    } catch (error) {
      throw new Error(`with seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
