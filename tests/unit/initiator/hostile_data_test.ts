/** B-20: a target that lies about data: whose it is, where it goes, how much there is of it. */
import { RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { ScsiResponse } from "../../../lib/iscsi/pdu/scsi_response.ts";
import { type Attack, FULL, LENGTH, testAttacks } from "../../support/attack.ts";

const TAGS = [1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, RESERVED_TAG];

const ATTACKS: readonly Attack[] = [
  ...TAGS.flatMap((tag): Attack[] => [
    {
      name: `Data-In for task ${tag.toString(16)}`,
      rule: "A56",
      message: /Data-In for task 0x[0-9a-f]{8}, which is not under way/,
      act: (target) => target.dataIn(tag, FULL),
    },
    {
      name: `a response for task ${tag.toString(16)}`,
      rule: "A56",
      message: /SCSI Response for task 0x[0-9a-f]{8}, which is not under way/,
      act: (target) => target.respond(tag),
    },
    {
      name: `an R2T for task ${tag.toString(16)}`,
      rule: "A56",
      isWrite: true,
      message: /R2T for task 0x[0-9a-f]{8}, which is not under way/,
      act: (target) => target.r2t(tag, { bufferOffset: 0, desiredDataTransferLength: 512 }),
    },
  ]),
  {
    name: "Data-In past the end of the buffer",
    rule: "A69",
    message: /Data-In up to octet 4100 for a command of 4096/,
    act: (target, tag) => target.dataIn(tag, new Uint8Array(LENGTH + 4).fill(1)),
  },
  {
    name: "Data-In before its place",
    rule: "A69",
    message: /Data-In for octet 512 instead of 0/,
    act: (target, tag) => target.dataIn(tag, FULL.subarray(0, 512), { bufferOffset: 512 }),
  },
  {
    name: "Data-In at the far end of the address space",
    rule: "A69",
    message: /Data-In for octet 4294967292 instead of 0/,
    act: (target, tag) => target.dataIn(tag, FULL, { bufferOffset: 0xffff_fffc }),
  },
  {
    name: "the same Data-In twice",
    rule: "A69",
    message: /Data-In with DataSN 0 instead of 1/,
    async act(target, tag) {
      await target.dataIn(tag, FULL.subarray(0, 512), { hasStatus: false });
      await target.dataIn(tag, FULL.subarray(0, 512), { hasStatus: false });
    },
  },
  {
    name: "Data-In for a write",
    rule: "A69",
    isWrite: true,
    message: /Data-In for a command that reads nothing/,
    act: (target, tag) => target.dataIn(tag, FULL),
  },
  {
    name: "an R2T for a read",
    message: /R2T for a command that writes nothing/,
    act: (target, tag) => target.r2t(tag, { bufferOffset: 0, desiredDataTransferLength: 512 }),
  },
  {
    name: "a status with Data-In that is not the last",
    message: /with a status that is not the last/,
    act: (target, tag) => target.dataIn(tag, FULL, { final: false }),
  },
  {
    name: "a StatSN that leaves one out",
    rule: "A52",
    message: /StatSN \d+ instead of \d+: a response is lost/,
    act: (target, tag) => target.dataIn(tag, FULL, { statSN: target.statSN + 1 }),
  },
  {
    name: "a StatSN that came before",
    rule: "A52",
    message: /a response is lost/,
    act: (target, tag) => target.respond(tag, { statSN: target.statSN - 1 }),
  },
  {
    name: "GOOD without data",
    rule: "A70",
    kind: "incomplete",
    message: /says that 4096 of 4096 octets were moved, and it was 0/,
    act: (target, tag) => target.respond(tag),
  },
  {
    name: "GOOD with less data than it says",
    rule: "A70",
    kind: "incomplete",
    message: /says that 4000 of 4096 octets were moved, and it was 512/,
    act: (target, tag) =>
      target.dataIn(tag, FULL.subarray(0, 512), { underflow: true, residualCount: 96 }),
  },
  {
    name: "a residual larger than the whole",
    rule: "A70",
    kind: "incomplete",
    message: /says that -904 of 4096/,
    act: (target, tag) => target.dataIn(tag, FULL, { underflow: true, residualCount: 5000 }),
  },
  {
    name: "a residual of 2^32 - 1",
    rule: "A70",
    kind: "incomplete",
    message: /octets were moved/,
    act: (target, tag) => target.dataIn(tag, FULL, { underflow: true, residualCount: 0xffff_ffff }),
  },
  {
    name: "overflow and underflow at once",
    kind: "incomplete",
    message: /octets were moved/,
    act: (target, tag) =>
      target.dataIn(tag, FULL, { underflow: true, overflow: true, residualCount: 0 }),
  },
  {
    name: "GOOD for a write whose data was never asked for",
    rule: "A70",
    isWrite: true,
    kind: "incomplete",
    message: /says that 4096 of 4096 octets were moved, and it was 0/,
    act: (target, tag) => target.respond(tag),
  },
  {
    name: "a target failure",
    kind: "refused",
    message: /the target failed over it \(response 0x01\)/,
    act: (target, tag) => target.respond(tag, { response: 1 }),
  },
  {
    name: "a vendor's response",
    kind: "refused",
    message: /response 0x80/,
    act: (target, tag) => target.respond(tag, { response: 0x80 }),
  },
  ...[0, 1, 2, 3, 4].map((less): Attack => ({
    name: `sense data with a SenseLength ${less} too large`,
    rule: "A72",
    message: /sense data of \d+ octets in a response with 20/,
    act: (target, tag) => {
      const sense = new Uint8Array(20);
      sense.set([0, 19 + less, 0x70]);
      return target.respond(tag, { status: 2 }, sense);
    },
  })),
  {
    name: "sense data of one octet",
    rule: "A72",
    message: /a response with 1 octets of data has no sense data/,
    act: (target, tag) => target.respond(tag, { status: 2 }, new Uint8Array(1)),
  },
  ...[0, 1, 2, 3, 8193].map((length): Attack => ({
    name: `GOOD with ${length} octets of nothing`,
    kind: length === 1 || length === 8193 ? "session-lost" : "incomplete",
    message: length === 1 || length === 8193 ? /sense data/ : /octets were moved/,
    act: (target, tag) => {
      const data = new Uint8Array(length);
      if (length === 8193) data.fill(0xff);
      return target.respond(tag, {}, data);
    },
  })),
  ...[0xffffff, 262_145].map((length): Attack => ({
    name: `a data segment of ${length} octets`,
    message: /exceeds the 262144 declared/,
    act: (target, tag) =>
      target.send(Opcode.SCSI_RESPONSE, ScsiResponse, {
        ...{ initiatorTaskTag: tag, dataSegmentLength: length },
      }),
  })),
  {
    name: "an R2T for nothing",
    isWrite: true,
    message: /R2T for 0 octets/,
    act: (target, tag) => target.r2t(tag, { desiredDataTransferLength: 0 }),
  },
  {
    name: "an R2T past the end",
    isWrite: true,
    message: /R2T for octets 0 to 4608 instead of from 0 on, of 4096/,
    act: (target, tag) => target.r2t(tag, { desiredDataTransferLength: LENGTH + 512 }),
  },
  {
    name: "an R2T that leaves data out",
    isWrite: true,
    message: /R2T for octets 512 to 1024 instead of from 0 on/,
    act: (target, tag) => target.r2t(tag, { bufferOffset: 512, desiredDataTransferLength: 512 }),
  },
  {
    name: "an R2T that wraps",
    isWrite: true,
    message: /R2T for octets 4294966784 to/,
    act: (target, tag) =>
      target.r2t(tag, { bufferOffset: 0xffff_fe00, desiredDataTransferLength: 1024 }),
  },
  {
    name: "an R2T of 4 GiB",
    isWrite: true,
    message: /R2T for 4294967295 octets, where 262144 are most/,
    act: (target, tag) => target.r2t(tag, { desiredDataTransferLength: 0xffff_ffff }),
  },
  {
    name: "an R2T without a tag",
    isWrite: true,
    message: /R2T without a tag/,
    act: (target, tag) =>
      target.r2t(tag, { targetTransferTag: RESERVED_TAG, desiredDataTransferLength: 512 }),
  },
  {
    name: "an R2TSN that leaves one out",
    isWrite: true,
    message: /R2TSN 1 instead of 0/,
    act: (target, tag) => target.r2t(tag, { r2tSN: 1, desiredDataTransferLength: 512 }),
  },
  {
    name: "the same R2T twice",
    isWrite: true,
    message: /R2TSN 0 instead of 1/,
    async act(target, tag) {
      await target.r2t(tag, { desiredDataTransferLength: 512 });
      await target.r2t(tag, { desiredDataTransferLength: 512 });
    },
  },
];

testAttacks(ATTACKS);
