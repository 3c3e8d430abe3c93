/** Makes PDUs that no initiator should send, most of them nearly right. */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import type { Chance } from "../support/chance.ts";

/** All data that is sent. */
const DATA_OCTET = 0xa5;

/** What the maker knows of the connection, as far as it has come. */
export interface Situation {
  cmdSN: number;
  headerDigest: boolean;
  dataDigest: boolean;
  initialR2T: boolean;
  immediateData: boolean;
  /** Task tags that were used. */
  readonly tags: number[];
  /** Data that was asked for. */
  readonly asked: Asked[];
}

/** What an R2T said. */
export interface Asked {
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  readonly bufferOffset: number;
  readonly length: number;
}

const INITIATOR_OPCODES = [
  Opcode.NOP_OUT,
  Opcode.SCSI_COMMAND,
  Opcode.TASK_MANAGEMENT_REQUEST,
  Opcode.LOGIN_REQUEST,
  Opcode.TEXT_REQUEST,
  Opcode.DATA_OUT,
  Opcode.LOGOUT_REQUEST,
  Opcode.SNACK_REQUEST,
];

const BLOCK = 512;
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000];
const LENGTHS = [0, 1, 3, 4, 48, 511, 512, 513, 1024, 4096, 8188, 8192];
const EXPECTED = [0, 1, 511, 512, 513, 1024, 8192, 65_536, 1 << 20, 0x7fffffff, 0xffffffff];
const COMMON_CDBS = [0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x16, 0x17, 0x1a, 0x1b, 0x1e, 0x25, 0x28];
const MORE_CDBS = [0x2a, 0x2e, 0x2f, 0x34, 0x35, 0x41, 0x42, 0x48, 0x55, 0x5a, 0x5e, 0x5f, 0x88];
const LONG_CDBS = [0x89, 0x8a, 0x8b, 0x8e, 0x8f, 0x90, 0x91, 0x93, 0x9c, 0x9e, 0xa0, 0xa3, 0xa8];
const CDBS = [...COMMON_CDBS, ...MORE_CDBS, ...LONG_CDBS];
/** Those that move blocks, whatever the others have done to the unit. */
const TRANSFERS = [0x28, 0x28, 0x2a, 0x2a, 0x88, 0x8a, 0x2f, 0x89, 0x41, 0x42];

export class PduMaker {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** One PDU, or something that was one. */
  make(situation: Situation): Uint8Array {
    const chance = this.#chance;
    const at = chance.below(100);
    if (at < 3) return chance.octets(chance.between(1, 200));
    const pdu = this.#sensible(situation);
    if (at < 55) return this.#seal(pdu, situation);
    if (at < 80) return this.#seal(this.#mutate(pdu), situation);
    if (at < 88) return this.#mutate(this.#seal(pdu, situation)); // digests no longer match
    if (at < 92) return this.#cut(this.#seal(pdu, situation));
    if (at < 95) return this.#lie(pdu);
    return this.#seal(this.#edge(pdu), situation);
  }

  testUnitReady(situation: Situation, lun: number): Uint8Array {
    const pdu = new Uint8Array(BHS_LENGTH);
    const view = new DataView(pdu.buffer);
    pdu[0] = Opcode.SCSI_COMMAND;
    pdu[1] = 0x81;
    view.setUint16(8, lun);
    view.setUint32(16, this.#chance.u32());
    view.setUint32(24, situation.cmdSN);
    situation.cmdSN = (situation.cmdSN + 1) >>> 0;
    return this.#seal(pdu, situation);
  }

  /** A header with its data, without digests. */
  #sensible(situation: Situation): Uint8Array {
    const chance = this.#chance;
    const opcode = chance.in100(90) ? this.#opcode() : chance.below(64);
    if (opcode === Opcode.DATA_OUT && situation.asked.length > 0 && chance.in100(70)) {
      return this.#answerTo(situation);
    }
    if (opcode === Opcode.SCSI_COMMAND && chance.in100(70)) return this.#transfer(situation);
    const text = isText(opcode) && chance.in100(80) ? this.#text() : undefined;
    const dataLength = text?.length ?? this.#dataLength(opcode);
    const words = chance.in100(3) ? chance.below(6) : 0;
    const pdu = new Uint8Array(BHS_LENGTH + words * 4 + ((dataLength + 3) & ~3));
    const view = new DataView(pdu.buffer);
    pdu[0] = opcode | (chance.in100(30) ? 0x40 : 0);
    pdu[1] = this.#flags(opcode);
    view.setUint32(4, dataLength | words << 24);
    view.setUint16(8, this.#lun());
    view.setUint32(16, this.#tag(situation));
    view.setUint32(20, this.#transferTag(opcode, situation));
    view.setUint32(24, this.#cmdSN(pdu, situation));
    view.setUint32(28, chance.u32());
    if (opcode === Opcode.SCSI_COMMAND) pdu.set(this.#cdb(), 32);
    else if (opcode === Opcode.DATA_OUT) this.#placeData(view);
    else view.setUint32(32, chance.in100(50) ? situation.cmdSN : chance.u32());
    pdu.fill(DATA_OCTET, BHS_LENGTH + words * 4, BHS_LENGTH + words * 4 + dataLength);
    if (text !== undefined) pdu.set(text, BHS_LENGTH + words * 4);
    return pdu;
  }

  /** A command that moves blocks, as it should be. */
  #transfer(situation: Situation): Uint8Array {
    const chance = this.#chance;
    const opcode = chance.one(TRANSFERS);
    const reads = opcode === 0x28 || opcode === 0x88;
    const blocks = chance.in100(90) ? chance.between(1, 16) : chance.between(0, 128);
    const length = reads || opcode === 0x2a || opcode === 0x8a
      ? blocks * BLOCK
      : chance.one([24, BLOCK, 2 * blocks * BLOCK]);
    const immediate = reads || !situation.immediateData || chance.in100(50)
      ? 0
      : Math.min(length, chance.one([BLOCK, 1024, 2048, 24]));
    const pdu = new Uint8Array(BHS_LENGTH + immediate);
    const view = new DataView(pdu.buffer);
    const isMore = !reads && !situation.initialR2T && immediate < length && chance.in100(40);
    pdu[0] = Opcode.SCSI_COMMAND;
    pdu[1] = (isMore ? 0 : 0x80) | (reads ? 0x40 : 0x20) | chance.one([0, 1, 1, 1, 1, 1, 2, 3]);
    view.setUint32(4, immediate);
    view.setUint16(8, chance.one([0, 0, 0, 0, 0, 1]));
    const tag = chance.u32();
    situation.tags.push(tag);
    view.setUint32(16, tag);
    view.setUint32(20, length);
    view.setUint32(24, this.#cmdSN(pdu, situation));
    pdu[32] = opcode;
    if (opcode < 0x80) {
      view.setUint32(34, chance.below(32));
      view.setUint16(39, opcode === 0x42 ? 24 : blocks);
    } else {
      view.setUint32(38, chance.below(32));
      if (opcode === 0x89) pdu[45] = Math.min(blocks, 3);
      else view.setUint32(42, blocks);
    }
    pdu.fill(DATA_OCTET, BHS_LENGTH);
    if (isMore) {
      const end = Math.min(length, 2048);
      const rest = { initiatorTaskTag: tag, targetTransferTag: 0xffffffff };
      situation.asked.push({ ...rest, bufferOffset: immediate, length: end - immediate });
    }
    return pdu;
  }

  /** The data that was asked for last, or the first part of it. */
  #answerTo({ asked }: Situation): Uint8Array {
    const chance = this.#chance;
    const { initiatorTaskTag, targetTransferTag, bufferOffset, length } = asked.pop()!;
    const dataLength = chance.in100(70) ? length : chance.between(0, length);
    const pdu = new Uint8Array(BHS_LENGTH + ((dataLength + 3) & ~3));
    const view = new DataView(pdu.buffer);
    pdu[0] = Opcode.DATA_OUT;
    pdu[1] = chance.in100(90) ? 0x80 : 0;
    view.setUint32(4, dataLength);
    view.setUint32(16, initiatorTaskTag);
    view.setUint32(20, targetTransferTag);
    view.setUint32(40, bufferOffset);
    pdu.fill(DATA_OCTET, BHS_LENGTH, BHS_LENGTH + dataLength);
    return pdu;
  }

  #opcode(): number {
    const chance = this.#chance;
    if (chance.in100(45)) return Opcode.SCSI_COMMAND;
    return chance.in100(35) ? Opcode.DATA_OUT : chance.one(INITIATOR_OPCODES);
  }

  #dataLength(opcode: number): number {
    const chance = this.#chance;
    if (opcode === Opcode.SCSI_COMMAND && chance.in100(50)) return 0;
    return chance.in100(80) ? chance.one(LENGTHS) : chance.below(8192);
  }

  #flags(opcode: number): number {
    const chance = this.#chance;
    if (chance.in100(15)) return chance.below(256);
    switch (opcode) {
      case Opcode.SCSI_COMMAND: // F, R, W, ATTR
        return (chance.in100(75) ? 0x80 : 0) | chance.below(4) << 5 |
          chance.one([0, 1, 1, 1, 2, 3]);
      case Opcode.TASK_MANAGEMENT_REQUEST:
        return 0x80 | chance.between(1, 8);
      case Opcode.LOGOUT_REQUEST:
        return 0x80 | chance.below(4);
      case Opcode.LOGIN_REQUEST:
        return chance.one([0x87, 0x83, 0x81, 0x04, 0x40, 0x44, 0x00]);
      default:
        return chance.in100(80) ? 0x80 : 0;
    }
  }

  #lun(): number {
    return this.#chance.one([0, 0, 0, 0, 0x100, 0x100, 1, 2, 0x4001, 0xc101, 0xffff]);
  }

  #tag({ tags }: Situation): number {
    const chance = this.#chance;
    if (tags.length > 0 && chance.in100(45)) return chance.one(tags);
    if (chance.in100(10)) return chance.one([0, 0xffffffff, 0x80000000, 0x7fffffff]);
    const tag = chance.u32();
    tags.push(tag);
    return tag;
  }

  #transferTag(opcode: number, { tags, asked }: Situation): number {
    const chance = this.#chance;
    if (opcode === Opcode.SCSI_COMMAND) return chance.one(EXPECTED);
    if (opcode === Opcode.TASK_MANAGEMENT_REQUEST) {
      return tags.length > 0 ? chance.one(tags) : chance.u32();
    }
    if (asked.length > 0 && chance.in100(50)) return chance.one(asked).targetTransferTag;
    return chance.in100(80) ? 0xffffffff : chance.u32();
  }

  #cmdSN(pdu: Uint8Array, situation: Situation): number {
    const chance = this.#chance;
    const isOrdered = (pdu[0]! & 0x40) === 0 && (pdu[0]! & 0x3f) !== Opcode.DATA_OUT;
    if (chance.in100(85)) {
      const { cmdSN } = situation;
      if (isOrdered) situation.cmdSN = (cmdSN + 1) >>> 0;
      return cmdSN;
    }
    return (situation.cmdSN + chance.one([-1, -2, 1, 2, 10, 127, 128, 0x7fffffff])) >>> 0;
  }

  #cdb(): Uint8Array {
    const chance = this.#chance;
    const cdb = new Uint8Array(16);
    if (chance.in100(65)) cdb[0] = chance.one(TRANSFERS);
    else cdb[0] = chance.in100(92) ? chance.one(CDBS) : chance.below(256);
    const bits = chance.one([0, 0, 0, 1, 2]); // how much of it is noise
    for (let i = 1; i < 16; i++) {
      if (bits === 0 ? false : chance.in100(bits === 1 ? 15 : 60)) cdb[i] = chance.below(256);
    }
    // Lengths that are not absurd, most of the time.
    if (chance.in100(70)) cdb[cdb[0]! < 0x20 ? 4 : cdb[0]! < 0x60 ? 8 : 13] = chance.below(9);
    return cdb;
  }

  #placeData(view: DataView): void {
    const chance = this.#chance;
    view.setUint32(36, chance.in100(70) ? chance.below(3) : chance.u32()); // DataSN
    view.setUint32(40, chance.in100(80) ? chance.below(17) * 512 : chance.u32()); // BufferOffset
  }

  #text(): Uint8Array {
    const texts = [
      "SendTargets=All\0",
      "SendTargets=\0",
      "MaxRecvDataSegmentLength=512\0",
      "MaxRecvDataSegmentLength=8192\0",
      "InitiatorName=iqn.2026-01.org.example:fuzz\0SessionType=Discovery\0",
      "X-a=1\0X-b=\0",
      "=\0",
      "a\0",
      "HeaderDigest=CRC32C\0",
    ];
    return new TextEncoder().encode(this.#chance.one(texts));
  }

  #mutate(pdu: Uint8Array): Uint8Array {
    const chance = this.#chance;
    for (let i = chance.between(1, 4); i > 0; i--) {
      const limit = chance.in100(85) ? Math.min(pdu.length, BHS_LENGTH) : pdu.length;
      pdu[chance.below(limit)]! ^= 1 << chance.below(8);
    }
    return pdu;
  }

  #edge(pdu: Uint8Array): Uint8Array {
    const chance = this.#chance;
    new DataView(pdu.buffer).setUint32(chance.one([16, 20, 24, 32, 36, 40, 44]), chance.one(EDGES));
    return pdu;
  }

  #cut(pdu: Uint8Array): Uint8Array {
    return pdu.slice(0, this.#chance.below(pdu.length));
  }

  /** Says that there is other data than there is. */
  #lie(pdu: Uint8Array): Uint8Array {
    const chance = this.#chance;
    const lengths = [1, 8193, 65_536, 262_144, 262_145, 0xffffff];
    new DataView(pdu.buffer).setUint32(4, chance.one(lengths) | chance.one([0, 0, 1, 255]) << 24);
    return pdu;
  }

  #seal(pdu: Uint8Array, { headerDigest, dataDigest }: Situation): Uint8Array {
    if (!headerDigest && !dataDigest) return pdu;
    const headerLength = Math.min(pdu.length, BHS_LENGTH + pdu[4]! * 4);
    const data = pdu.subarray(headerLength);
    const withData = dataDigest && data.length > 0;
    const sealed = new Uint8Array(pdu.length + (headerDigest ? 4 : 0) + (withData ? 4 : 0));
    const view = new DataView(sealed.buffer);
    sealed.set(pdu.subarray(0, headerLength));
    let at = headerLength;
    if (headerDigest) {
      view.setUint32(at, crc32c(pdu, 0, headerLength), true);
      at += 4;
    }
    sealed.set(data, at);
    if (withData) view.setUint32(at + data.length, crc32c(data, 0, data.length), true);
    return sealed;
  }
}

function isText(opcode: number): boolean {
  return opcode === Opcode.TEXT_REQUEST || opcode === Opcode.LOGIN_REQUEST;
}
