/** A session of a simulated initiator, over one or more connections. */
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { LogoutResponse } from "../../lib/iscsi/pdu/logout_response.ts";
import { LogoutReason, LogoutRequest } from "../../lib/iscsi/pdu/logout_request.ts";
import { NopIn } from "../../lib/iscsi/pdu/nop_in.ts";
import { TaskManagementFunction } from "../../lib/iscsi/pdu/task_management_request.ts";
import { TaskManagementResponse } from "../../lib/iscsi/pdu/task_management_response.ts";
import { serialAdd, serialLess } from "../../lib/wire/serial.ts";
import type { ReceivedPdu } from "../support/test_initiator.ts";
import type { Intent } from "./intent.ts";
import type { SimConnection } from "./sim_connection.ts";
import type { SimDisk } from "./sim_disk.ts";
import { type SimCommand, type SimOutcome, SimTask } from "./sim_task.ts";
import type { World } from "./world.ts";

export interface SimParameters {
  readonly initialR2T: boolean;
  readonly immediateData: boolean;
  readonly firstBurstLength: number;
  readonly maxBurstLength: number;
  readonly maxOutstandingR2T: number;
  readonly maxConnections: number;
  /** Ours. */
  readonly maxRecvDataSegmentLength: number;
}

export interface SimSessionOptions {
  readonly world: World;
  readonly disk: SimDisk;
  readonly name: string;
  readonly tsih: number;
  readonly firstCmdSN: number;
  readonly parameters: SimParameters;
  readonly wrong: (what: string) => void;
  /** A function touched tasks of every initiator. */
  readonly onOthersKilled: (session: SimSession) => void;
}

interface Function {
  readonly functionCode: number;
  readonly connection: SimConnection;
  /** What is ended by it, where that is known. */
  readonly victims: readonly SimTask[];
  readonly answered: (response: number) => void;
}

interface Logout {
  readonly connection: SimConnection;
  /** True: it is answered; false: it never will be. */
  readonly over: (isAnswered: boolean) => void;
}

export class SimSession {
  readonly world: World;
  readonly disk: SimDisk;
  readonly name: string;
  readonly tsih: number;
  readonly parameters: SimParameters;
  readonly connections = new Set<SimConnection>();
  readonly tasks = new Map<number, SimTask>();
  /** Writes of commands whose fate is not known; they may land until the session is over. */
  readonly limbo = new Set<Intent>();
  isOver = false;
  readonly #options: SimSessionOptions;
  readonly #functions = new Map<number, Function>();
  /** Tasks that were ended without a word, whose status may have been on its way all the same. */
  readonly #ghosts = new Set<number>();
  readonly #logouts = new Map<number, Logout>();
  readonly #whenOver = Promise.withResolvers<void>();
  #tag = 1;
  #cmdSN: number;
  #maxCmdSN: number;

  constructor(options: SimSessionOptions) {
    this.world = options.world;
    this.disk = options.disk;
    this.name = options.name;
    this.tsih = options.tsih;
    this.parameters = options.parameters;
    this.#options = options;
    this.#cmdSN = options.firstCmdSN;
    this.#maxCmdSN = options.firstCmdSN;
  }

  wrong(what: string): void {
    this.#options.wrong(`${this.name}: ${what}`);
  }

  get nextCmdSN(): number {
    return this.#cmdSN;
  }

  takeCmdSN(): number {
    const cmdSN = this.#cmdSN;
    this.#cmdSN = serialAdd(cmdSN, 1);
    return cmdSN;
  }

  sawWindow(maxCmdSN: number): void {
    if (serialLess(this.#maxCmdSN, maxCmdSN)) this.#maxCmdSN = maxCmdSN;
  }

  /**
   * The window is open, and no function is under way that would end, over several connections, one
   * never knows what.
   */
  get #maySend(): boolean {
    const isResetting = [...this.#functions.values()].some(({ functionCode }) =>
      functionCode !== TaskManagementFunction.ABORT_TASK
    );
    return !isResetting && !serialLess(this.#maxCmdSN, this.#cmdSN);
  }

  /** One of the connections that are open. */
  #anyConnection(): SimConnection | undefined {
    const open = [...this.connections].filter(({ isOpen, isLeaving }) => isOpen && !isLeaving);
    return open.length === 0 ? undefined : this.world.chance.one(open);
  }

  /** Carries a command out; resolves with how it ended. */
  async run(command: SimCommand): Promise<SimOutcome> {
    while (!this.isOver && !this.#maySend) await this.world.later();
    const connection = this.#anyConnection();
    if (this.isOver || connection === undefined) return "gone";
    const task = new SimTask(this, connection, command, this.#tag++);
    this.tasks.set(task.tag, task);
    this.world.tell(`${this.name} ${connection.cid} sends ${task.name}`);
    task.send();
    return await task.ended;
  }

  /** ABORT TASK of one that is under way, or a function for all tasks of the unit. */
  async manage(functionCode: number): Promise<void> {
    const connection = this.#anyConnection();
    const victim = [...this.tasks.values()].find(() => this.world.chance.in100(40));
    const isSingle = functionCode === TaskManagementFunction.ABORT_TASK;
    if (connection === undefined || (isSingle && victim === undefined)) return;
    const tag = this.#tag++;
    const { promise, resolve } = Promise.withResolvers<number>();
    const victims = isSingle ? [victim!] : [...this.tasks.values()];
    this.#functions.set(tag, { functionCode, connection, victims, answered: resolve });
    const fields = {
      functionCode,
      initiatorTaskTag: tag,
      cmdSN: this.#cmdSN,
      ...(isSingle ? { referencedTaskTag: victim!.tag, refCmdSN: victim!.cmdSN } : {}),
    };
    this.world.tell(`${this.name} manages: ${functionCode} (tag ${tag}) ${victims.length}`);
    this.#tellOthers(functionCode);
    connection.post((initiator) => initiator.manage(fields));
    await Promise.race([promise, this.#whenOver.promise]);
  }

  /** Logs one connection out, when its last command is over: a number must not get lost with it. */
  async logOutConnection(leaving: SimConnection): Promise<void> {
    leaving.isLeaving = true;
    const isBusy = () => [...this.tasks.values()].some((task) => task.connection === leaving);
    while (isBusy() && !this.isOver) await this.world.later();
    leaving.wasLoggedOut = true;
    await this.logOut(LogoutReason.CLOSE_CONNECTION, leaving.cid);
  }

  /** Logs the session out, or one connection of it. */
  async logOut(reason: number, cid: number): Promise<void> {
    const connection = this.#anyConnection();
    if (connection === undefined) return;
    const tag = this.#tag++;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#logouts.set(tag, { connection, over: resolve });
    const pdu = new LogoutRequest(new Uint8Array(48));
    pdu.opcode = Opcode.LOGOUT_REQUEST;
    pdu.immediate = true;
    pdu.final = true;
    pdu.reason = reason;
    pdu.cid = cid;
    pdu.initiatorTaskTag = tag;
    pdu.cmdSN = this.#cmdSN;
    this.world.tell(`${this.name} logs out: ${reason} ${cid}`);
    connection.post((initiator) => initiator.send(new Uint8Array(pdu.view.buffer)));
    if (await Promise.race([promise, this.#whenOver.promise]) !== true) return;
    for (const task of [...this.tasks.values()]) {
      if (reason === 0 || task.connection.cid === cid) this.#giveUp(task);
    }
    if (reason === 0) this.end();
  }

  received(connection: SimConnection, pdu: ReceivedPdu): void {
    const tag = new DataView(pdu.header.buffer, pdu.header.byteOffset).getUint32(16);
    switch (pdu.opcode) {
      case Opcode.SCSI_RESPONSE:
        return this.#taskOf(tag, pdu)?.response(pdu);
      case Opcode.DATA_IN:
        return this.#taskOf(tag, pdu)?.dataIn(pdu);
      case Opcode.READY_TO_TRANSFER:
        return this.#taskOf(tag, pdu)?.readyToTransfer(pdu);
      case Opcode.TASK_MANAGEMENT_RESPONSE:
        return this.#functionAnswered(tag, pdu.as(TaskManagementResponse).response);
      case Opcode.LOGOUT_RESPONSE:
        this.#logouts.get(tag)?.over(pdu.as(LogoutResponse).response === 0);
        return;
      case Opcode.NOP_IN:
        return this.#pinged(connection, pdu);
      case Opcode.ASYNC_MESSAGE:
        return;
      default:
        this.wrong(
          `opcode 0x${pdu.opcode.toString(16)} came: ${pdu.header.toHex()} ${pdu.data.toHex()}`,
        );
    }
  }

  #taskOf(tag: number, pdu: ReceivedPdu): SimTask | undefined {
    const task = this.tasks.get(tag);
    if (task === undefined && !this.#ghosts.has(tag)) {
      this.wrong(`opcode 0x${pdu.opcode.toString(16)} for task ${tag}, which is over`);
    }
    return task;
  }

  #pinged(connection: SimConnection, pdu: ReceivedPdu): void {
    const { targetTransferTag } = pdu.as(NopIn);
    if (targetTransferTag === 0xffffffff) return;
    const fields = { initiatorTaskTag: 0xffffffff, targetTransferTag, cmdSN: this.#cmdSN };
    connection.post((initiator) => initiator.ping(new Uint8Array(0), fields));
  }

  #functionAnswered(tag: number, response: number): void {
    const { functionCode, connection, victims, answered } = this.#functions.get(tag)!;
    this.#functions.delete(tag);
    this.world.tell(`${this.name} function ${tag} is answered ${response}`);
    const isSingle = functionCode === TaskManagementFunction.ABORT_TASK;
    if (response > 1 || (response === 1 && !isSingle)) this.wrong(`function answered ${response}`);
    for (const victim of response === 0 ? victims : []) {
      if (this.tasks.get(victim.tag) !== victim) continue;
      // What had been sent on another connection may come after the answer.
      if (victim.connection !== connection) this.#ghosts.add(victim.tag);
      victim.conclude("gone");
    }
    this.#tellOthers(functionCode);
    answered(response);
  }

  /** The function touches tasks of other initiators: from when it is sent until it is answered. */
  #tellOthers(functionCode: number): void {
    const { ABORT_TASK, ABORT_TASK_SET } = TaskManagementFunction;
    if (functionCode === ABORT_TASK || functionCode === ABORT_TASK_SET) return;
    this.#options.onOthersKilled(this);
  }

  /** Another initiator may have ended the tasks that are under way. */
  othersKilled(): void {
    for (const task of this.tasks.values()) task.mayBeKilled = true;
  }

  /** Nothing happens any more: who may have been killed was. Answers who has no such excuse. */
  buryKilled(): SimTask[] {
    const stuck: SimTask[] = [];
    for (const task of [...this.tasks.values()]) {
      if (task.mayBeKilled) this.#giveUp(task);
      else stuck.push(task);
    }
    return stuck;
  }

  /** The task's fate is not known. */
  #giveUp(task: SimTask): void {
    this.#ghosts.add(task.tag);
    if (task.command.intent !== undefined) this.limbo.add(task.command.intent);
    task.conclude("gone", true);
  }

  /** Without one of its connections the session is given up, and begun anew by whoever wants it. */
  connectionLost(connection: SimConnection): void {
    this.connections.delete(connection);
    for (const logout of this.#logouts.values()) {
      if (logout.connection === connection) logout.over(false);
    }
    for (const [tag, { connection: sentOn, functionCode, answered }] of this.#functions) {
      if (sentOn !== connection) continue;
      this.#functions.delete(tag);
      this.#tellOthers(functionCode);
      answered(-1);
    }
    for (const task of [...this.tasks.values()]) {
      if (task.connection === connection) this.#giveUp(task);
    }
    if (!connection.wasLoggedOut || this.connections.size === 0) this.end();
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const connection of this.connections) connection.close();
    for (const task of [...this.tasks.values()]) this.#giveUp(task);
    this.#whenOver.resolve();
  }

  /** No command of the session can reach the disk any more. */
  settle(): void {
    for (const intent of this.limbo) {
      intent.isLive = false;
      this.disk.intents.delete(intent);
    }
    this.limbo.clear();
  }
}
