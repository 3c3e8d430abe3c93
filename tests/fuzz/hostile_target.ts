/**
 * A target that does everything a target does, now and then wrong: what it sends is bent before it
 * leaves, and kept as it left, so that what the initiator makes of it can be judged.
 */
import { RESERVED_TAG } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { AsyncMessage } from "../../lib/iscsi/pdu/async_message.ts";
import { LogoutResponse } from "../../lib/iscsi/pdu/logout_response.ts";
import { NopIn } from "../../lib/iscsi/pdu/nop_in.ts";
import { Reject } from "../../lib/iscsi/pdu/reject.ts";
import { ScsiCommand } from "../../lib/iscsi/pdu/scsi_command.ts";
import { TaskManagementResponse } from "../../lib/iscsi/pdu/task_management_response.ts";
import { TextResponse } from "../../lib/iscsi/pdu/text_response.ts";
import { DataOut } from "../../lib/iscsi/pdu/data_out.ts";
import type { ByteStream } from "../../lib/runtime/byte_stream.ts";
import type { Chance } from "../support/chance.ts";
import { ScriptedTarget } from "../support/scripted_target.ts";
import type { ReceivedPdu } from "../support/test_initiator.ts";
import { bend, EDGES } from "./bend.ts";
import { Claims } from "./claims.ts";
import { isGone } from "./fuzz_peer.ts";

/** A command that it was given, and what of its data has come. */
interface Given {
  readonly initiatorTaskTag: number;
  readonly expected: number;
  readonly reads: boolean;
  readonly writes: boolean;
  moved: number;
  r2tSN: number;
}

export class HostileTarget extends ScriptedTarget<ByteStream> {
  readonly claims: Claims;
  /** Data of writes as it came, by task: offset and octets. */
  readonly received: {
    readonly tag: number;
    readonly offset: number;
    readonly octets: Uint8Array;
  }[] = [];
  /** Tasks by the LBA that their CDB names, which no other has. */
  readonly tags = new Map<number, number>();
  /** What the initiator did that nobody had asked it for. */
  readonly wrongs: string[] = [];
  /** In how many of a hundred PDUs something is wrong. */
  malice = 0;
  pduCount = 0;
  readonly #chance: Chance;
  readonly #given = new Map<number, Given>();
  #firstBurst = 65_536;

  constructor(stream: ByteStream, chance: Chance) {
    super(stream);
    this.#chance = chance;
    this.claims = new Claims(this);
  }

  override async sendRaw(octets: Uint8Array): Promise<void> {
    this.pduCount++;
    const sent = this.#chance.in100(this.malice) ? bend(octets, this.#chance, this) : octets;
    this.claims.take(sent);
    try {
      await super.sendRaw(sent);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Closes, if the initiator has not. */
  end(): void {
    try {
      this.stream.close();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Full feature phase, until either side ends it. */
  async serve(firstBurst: number): Promise<void> {
    this.#firstBurst = firstBurst;
    for (;;) {
      const pdu = await this.receive();
      if (pdu === null) return;
      await this.#answer(pdu);
      if (this.#chance.in100(this.malice / 4)) await this.#interject();
      if (this.#chance.in100(this.malice / 16)) return this.end();
    }
  }

  async #answer(pdu: ReceivedPdu): Promise<void> {
    switch (pdu.opcode) {
      case Opcode.SCSI_COMMAND:
        return await this.#take(pdu);
      case Opcode.DATA_OUT:
        return await this.#takeData(pdu);
      case Opcode.NOP_OUT:
        return await this.#pong(pdu);
      case Opcode.TASK_MANAGEMENT_REQUEST:
        return await this.send(Opcode.TASK_MANAGEMENT_RESPONSE, TaskManagementResponse, {
          initiatorTaskTag: tagOf(pdu),
          response: this.#chance.one([0, 0, 1, 5, 255]),
          statSN: this.takeStatSN(),
        });
      case Opcode.TEXT_REQUEST:
        return await this.#tell(pdu);
      case Opcode.LOGOUT_REQUEST:
        await this.send(Opcode.LOGOUT_RESPONSE, LogoutResponse, {
          ...{ initiatorTaskTag: tagOf(pdu), statSN: this.takeStatSN() },
        });
        if (!this.#chance.in100(this.malice)) this.end();
    }
  }

  async #take(pdu: ReceivedPdu): Promise<void> {
    const command = pdu.as(ScsiCommand);
    const { initiatorTaskTag: tag, read, write, expectedDataTransferLength: expected } = command;
    this.tags.set(new DataView(command.cdb.slice().buffer).getUint32(2), tag);
    const given = {
      initiatorTaskTag: tag,
      expected,
      reads: read,
      writes: write,
      moved: 0,
      r2tSN: 0,
    };
    this.#given.set(tag, given);
    if (pdu.data.length > 0) this.#note(tag, 0, pdu.data);
    if (this.#chance.in100(2)) return; // it is never answered
    if (read) return await this.#sendData(given);
    given.moved = pdu.data.length;
    if (write && command.final) return await this.#askOrEnd(given);
    if (!write) await this.respond(tag);
  }

  #note(tag: number, offset: number, octets: Uint8Array): void {
    this.received.push({ tag, offset, octets: octets.slice() });
  }

  async #takeData(pdu: ReceivedPdu): Promise<void> {
    const { initiatorTaskTag: tag, targetTransferTag, bufferOffset, final } = pdu.as(DataOut);
    const end = bufferOffset + pdu.data.length;
    this.#note(tag, bufferOffset, pdu.data);
    const isAsked = targetTransferTag === RESERVED_TAG
      ? end <= this.#firstBurst
      : this.claims.asked(tag, targetTransferTag, bufferOffset, end);
    if (!isAsked) this.wrongs.push(`octets ${bufferOffset} to ${end} of task ${tag}, unasked`);
    const given = this.#given.get(tag);
    if (given === undefined || !final) return;
    given.moved = Math.max(given.moved, end);
    await this.#askOrEnd(given);
  }

  async #askOrEnd(given: Given): Promise<void> {
    const { initiatorTaskTag, expected, moved } = given;
    if (moved >= expected || this.#chance.in100(this.malice / 4)) return await this.#end(given);
    await this.r2t(initiatorTaskTag, {
      targetTransferTag: this.#chance.below(1 << 30),
      r2tSN: given.r2tSN++,
      bufferOffset: moved,
      desiredDataTransferLength: Math.min(expected - moved, this.#chance.one([512, 4096, 65_536])),
    });
  }

  async #sendData(given: Given): Promise<void> {
    const { initiatorTaskTag, expected } = given;
    const chance = this.#chance;
    let dataSN = 0;
    while (given.moved < expected) {
      const length = Math.min(expected - given.moved, chance.one([512, 4096, 8192, 65_536]));
      const isLast = given.moved + length === expected;
      const hasStatus = isLast && chance.in100(50);
      const fields = { hasStatus, final: isLast, bufferOffset: given.moved, dataSN: dataSN++ };
      await this.dataIn(initiatorTaskTag, speckled(length, chance.u32()), fields);
      given.moved += length;
      if (hasStatus) return;
      if (chance.in100(this.malice / 8)) break; // too early
    }
    await this.#end(given);
  }

  async #end({ initiatorTaskTag, expected, moved }: Given): Promise<void> {
    const chance = this.#chance;
    if (chance.in100(10)) {
      return await this.check(initiatorTaskTag, chance.below(16), chance.below(1 << 16));
    }
    const residualCount = expected - moved;
    const isHonest = !chance.in100(this.malice / 2);
    await this.respond(initiatorTaskTag, {
      status: chance.one([0, 0, 0, 0, 0, 8, 0x18, 0x28]),
      underflow: isHonest && residualCount > 0,
      residualCount: isHonest ? residualCount : chance.one(EDGES),
    });
  }

  async #pong(pdu: ReceivedPdu): Promise<void> {
    if (tagOf(pdu) === RESERVED_TAG) return;
    await this.send(Opcode.NOP_IN, NopIn, {
      initiatorTaskTag: tagOf(pdu),
      targetTransferTag: RESERVED_TAG,
      statSN: this.takeStatSN(),
    });
  }

  /** An answer to SendTargets, in one piece or several. */
  async #tell(pdu: ReceivedPdu): Promise<void> {
    const text = this.#chance.one([
      "TargetName=iqn.2026-01.org.example:a\0TargetAddress=192.0.2.1:3260,1\0",
      "TargetName=iqn.2026-01.org.example:a\0TargetAddress=[2001:db8::1]:3260,2\0TargetName=x\0",
      "TargetAddress=::,,\0=\0a\0",
      "TargetName=\0",
      "",
      `TargetName=${"i".repeat(300)}\0`,
    ]);
    const goesOn = this.#chance.in100(30);
    await this.send(Opcode.TEXT_RESPONSE, TextResponse, {
      initiatorTaskTag: tagOf(pdu),
      targetTransferTag: goesOn ? this.#chance.below(1 << 30) : RESERVED_TAG,
      final: !goesOn,
      continue: goesOn && this.#chance.in100(50),
      statSN: this.takeStatSN(),
    }, new TextEncoder().encode(text));
  }

  /** Something that nobody asked for. */
  async #interject(): Promise<void> {
    const chance = this.#chance;
    const tags = [...this.#given.keys(), RESERVED_TAG, 0];
    const tag = chance.one(tags);
    const statSN = chance.in100(50) ? this.takeStatSN() : this.statSN;
    switch (chance.below(6)) {
      case 0:
        return await this.send(Opcode.NOP_IN, NopIn, {
          ...{
            initiatorTaskTag: RESERVED_TAG,
            targetTransferTag: chance.u32(),
            statSN: this.statSN,
          },
        });
      case 1:
        return await this.send(Opcode.ASYNC_MESSAGE, AsyncMessage, {
          ...{ asyncEvent: chance.below(6), statSN, parameter2: chance.below(3), parameter3: 1 },
        }, chance.octets(chance.one([0, 1, 2, 20])));
      case 2:
        return await this.send(Opcode.REJECT, Reject, {
          ...{ reason: chance.below(13), initiatorTaskTag: RESERVED_TAG, statSN },
        }, chance.octets(chance.one([0, 47, 48])));
      case 3:
        return await this.dataIn(tag, chance.octets(512), { dataSN: chance.below(3) });
      case 4:
        return await this.respond(tag, { statSN });
      default:
        return await this.r2t(tag, {
          bufferOffset: chance.one([0, 512, 0xfffffe00]),
          desiredDataTransferLength: chance.one([0, 512, 0xffffffff]),
        });
    }
  }
}

/** Octets that are unlike each other's, made fast. */
export function speckled(length: number, salt: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = salt + i * 37 + (i >>> 8) * 11;
  return octets;
}

function tagOf({ header }: ReceivedPdu): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(16);
}
