/** An initiator that keeps stamped writes in flight until its connection is gone. */
import assert from "node:assert/strict";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { ReadyToTransfer } from "../../lib/iscsi/pdu/ready_to_transfer.ts";
import { ScsiResponse } from "../../lib/iscsi/pdu/scsi_response.ts";
import { Status } from "../../lib/scsi/status.ts";
import { cdb, FUA, Op } from "./block_commands.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { IssuedWrite, StampLedger } from "./stamp_ledger.ts";
import { stampedBlocks } from "./stamped_block.ts";
import type { TcpInitiator } from "./tcp_initiator.ts";
import type { ReceivedPdu } from "./test_initiator.ts";

const COMMANDS_IN_FLIGHT = 8;
const MOST_BLOCKS = 16;

/** Operation code and flags; the last has no FUA and verifies on the medium. */
const FORMS = [
  [Op.WRITE_10, 0],
  [Op.WRITE_10, FUA],
  [Op.WRITE_12, 0],
  [Op.WRITE, 0],
  [Op.WRITE, FUA],
  [Op.WRITE_AND_VERIFY_10, 0],
] as const;

/** A write with its data, or a SYNCHRONIZE CACHE. */
type Command = { readonly write: IssuedWrite; readonly data: Uint8Array } | "synchronize cache";

export interface StampingWriterOptions {
  readonly initiator: TcpInitiator;
  readonly ledger: StampLedger;
  readonly random: SeededRandom;
  readonly round: number;
  /** Data goes with the commands; else it is asked for. */
  readonly immediateData: boolean;
}

export class StampingWriter {
  readonly #options: StampingWriterOptions;
  readonly #inFlight = new Map<number, Command>();
  #isBroken = false;
  /** Writes that ended with GOOD. */
  acknowledged = 0;

  constructor(options: StampingWriterOptions) {
    this.#options = options;
  }

  /** Resolves when the target is gone; `acknowledge` is called with each write that ended. */
  async run(acknowledge: () => void): Promise<void> {
    try {
      for (;;) {
        while (this.#inFlight.size < COMMANDS_IN_FLIGHT && !this.#isBroken) await this.#issue();
        const pdu = await this.#options.initiator.receive();
        if (pdu === null) return;
        if (await this.#take(pdu)) acknowledge();
      }
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
    }
  }

  async #issue(): Promise<void> {
    if (this.#options.random.onceIn(16)) await this.#synchronizeCache();
    else await this.#write();
  }

  async #synchronizeCache(): Promise<void> {
    const { initiator } = this.#options;
    const tag = initiator.takeTag();
    this.#inFlight.set(tag, "synchronize cache");
    await this.#sent(initiator.command({ tag, cdb: cdb(Op.SYNCHRONIZE_CACHE_10, 0, 0) }));
  }

  async #write(): Promise<void> {
    const { initiator, ledger, random, round, immediateData } = this.#options;
    const { lba, blockCount } = this.#freeRange();
    const write = ledger.issue(lba, blockCount);
    const data = stampedBlocks({ blockNumber: lba, stamp: write.stamp, round }, blockCount);
    const tag = initiator.takeTag();
    this.#inFlight.set(tag, { write, data });
    const [opcode, flags] = random.one(FORMS);
    const command = { tag, cdb: cdb(opcode, lba, blockCount, flags), write: true };
    const length = data.length;
    await this.#sent(initiator.command({ ...command, length, ...(immediateData ? { data } : {}) }));
  }

  /** Where the connection breaks, what was answered before is still to be read. */
  async #sent(sending: Promise<unknown>): Promise<void> {
    try {
      await sending;
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      this.#isBroken = true;
    }
  }

  #freeRange(): { lba: number; blockCount: number } {
    const { ledger, random } = this.#options;
    for (;;) {
      const blockCount = 1 + random.below(MOST_BLOCKS);
      const lba = random.below(ledger.blockCount - blockCount + 1);
      if (ledger.isFree(lba, blockCount)) return { lba, blockCount };
    }
  }

  /** True where the PDU acknowledges a write. */
  async #take(pdu: ReceivedPdu): Promise<boolean> {
    if (pdu.opcode === Opcode.READY_TO_TRANSFER) {
      await this.#transfer(pdu);
      return false;
    }
    assert.equal(pdu.opcode, Opcode.SCSI_RESPONSE, "the opcode while only writes are under way");
    const response = pdu.as(ScsiResponse);
    const { initiator, ledger } = this.#options;
    initiator.expStatSN = (response.statSN + 1) >>> 0;
    const command = this.#commandOf(response.initiatorTaskTag);
    this.#inFlight.delete(response.initiatorTaskTag);
    assert.equal(response.status, Status.GOOD, `the status, with sense ${pdu.data.toHex()}`);
    if (command === "synchronize cache") return false;
    ledger.acknowledge(command.write);
    this.acknowledged++;
    return true;
  }

  /** Sends the part of the data that is asked for. */
  async #transfer(pdu: ReceivedPdu): Promise<void> {
    const r2t = pdu.as(ReadyToTransfer);
    const { initiatorTaskTag, targetTransferTag, bufferOffset } = r2t;
    const command = this.#commandOf(initiatorTaskTag);
    assert.ok(command !== "synchronize cache", "R2T for a command without data");
    const data = command.data.subarray(bufferOffset, bufferOffset + r2t.desiredDataTransferLength);
    const fields = { targetTransferTag, bufferOffset };
    await this.#sent(this.#options.initiator.dataOut(initiatorTaskTag, fields, data));
  }

  #commandOf(tag: number): Command {
    const command = this.#inFlight.get(tag);
    assert.ok(command !== undefined, `task ${tag} is not under way`);
    return command;
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted;
}
