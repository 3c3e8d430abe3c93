/**
 * READ DEFECT DATA(10) and (12): the lists are empty, as no block of a virtual disk is reassigned.
 * SBC-3 5.17.
 */
import { bits, flag, layout, u16, u32 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { Step, Task } from "../task.ts";

const What = { reqPlist: 4, reqGlist: 3, format: 0x07 } as const;

const ReadDefectData10Cdb = layout(10, {
  reqPlist: flag(2, What.reqPlist),
  reqGlist: flag(2, What.reqGlist),
  defectListFormat: bits(2, What.format),
  allocationLength: u16(7),
});
const ReadDefectData12Cdb = layout(12, {
  reqPlist: flag(1, What.reqPlist),
  reqGlist: flag(1, What.reqGlist),
  defectListFormat: bits(1, What.format),
  allocationLength: u32(6),
});

/** In both forms; their lengths, which follow, are zero. */
const DefectListHeader = {
  plistv: flag(1, 4), // the primary list is what was asked for
  glistv: flag(1, 3), // and the grown one
  defectListFormat: bits(1, 0x07),
};
const DefectList10 = layout(4, DefectListHeader);
const DefectList12 = layout(8, DefectListHeader);

/** DEFECT LIST FORMAT 111b is reserved. */
const RESERVED_FORMAT = 7;

export const readDefectDatas: readonly Command[] = [
  {
    name: "READ DEFECT DATA(10)",
    opcode: 0x37,
    usage: "37 00 1f 00 00 00 00 ff ff 00",
    access: Access.READ,
    medium: true,
    execute: (task) => readDefectData(task, ReadDefectData10Cdb, DefectList10, 2),
  },
  {
    name: "READ DEFECT DATA(12)",
    opcode: 0xb7,
    usage: "b7 1f ff ff ff ff ff ff ff ff 00 00",
    access: Access.READ,
    medium: true,
    execute: (task) => readDefectData(task, ReadDefectData12Cdb, DefectList12, 1),
  },
];

function readDefectData(
  task: Task,
  Cdb: typeof ReadDefectData10Cdb | typeof ReadDefectData12Cdb,
  List: typeof DefectList10,
  formatAt: number,
): Step {
  const cdb = new Cdb(task.cdb);
  // A list without entries is right in every format there is.
  if (cdb.defectListFormat === RESERVED_FORMAT) return task.fail(invalidFieldInCdb(formatAt, 2));
  const octets = new Uint8Array(List.length);
  const list = new List(octets);
  list.plistv = cdb.reqPlist;
  list.glistv = cdb.reqGlist;
  list.defectListFormat = cdb.defectListFormat;
  return task.send(octets, cdb.allocationLength);
}
