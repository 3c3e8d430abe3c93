import assert from "node:assert/strict";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import { CAPACITY_DATA_HAS_CHANGED } from "../../../lib/scsi/sense.ts";
import { NEXUS, run, unitOf } from "../../support/scsi.ts";

/** A command that sends parameter data, and where its CDB has the allocation length. */
interface Query {
  readonly title: string;
  readonly cdb: string;
  readonly at: number;
  readonly octets: 1 | 2 | 4;
  /** Below it the command is in error. */
  readonly least?: number;
}

function inquiry(title: string, cdb: string): Query {
  return { title: `INQUIRY ${title}`, cdb, at: 3, octets: 2 };
}

function maintenanceIn(title: string, cdb: string, least = 0): Query {
  return { title, cdb, at: 6, octets: 4, least };
}

const QUERIES: readonly Query[] = [
  inquiry("standard data", "12 00 00"),
  ...["00", "80", "83", "86", "b0", "b1", "b2"].map((page) => inquiry(page, `12 01 ${page}`)),
  { title: "REQUEST SENSE fixed", cdb: "03 00", at: 4, octets: 1 },
  { title: "REQUEST SENSE descriptor", cdb: "03 01", at: 4, octets: 1 },
  ...["3f", "7f", "bf", "08", "0a", "01", "02", "1c"].flatMap((page): Query[] => [
    { title: `MODE SENSE(6) ${page}`, cdb: `1a 00 ${page}`, at: 4, octets: 1 },
    {
      title: `MODE SENSE(6) ${page} without block descriptor`,
      cdb: `1a 08 ${page}`,
      at: 4,
      octets: 1,
    },
    { title: `MODE SENSE(10) ${page}`, cdb: `5a 00 ${page}`, at: 7, octets: 2 },
    { title: `MODE SENSE(10) ${page} with a long LBA`, cdb: `5a 10 ${page} ff`, at: 7, octets: 2 },
  ]),
  { title: "REPORT LUNS", cdb: "a0 00 02", at: 6, octets: 4, least: 16 },
  { title: "READ CAPACITY(16)", cdb: "9e 10", at: 10, octets: 4 },
  { title: "GET LBA STATUS", cdb: "9e 12", at: 10, octets: 4 },
  maintenanceIn("REPORT TARGET PORT GROUPS", "a3 0a"),
  maintenanceIn("REPORT TARGET PORT GROUPS with an extended header", "a3 2a"),
  maintenanceIn("REPORT SUPPORTED OPERATION CODES", "a3 0c"),
  maintenanceIn("REPORT SUPPORTED OPERATION CODES with timeouts", "a3 0c 80"),
  maintenanceIn("REPORT SUPPORTED OPERATION CODES of one", "a3 0c 81 28"),
  maintenanceIn("REPORT SUPPORTED OPERATION CODES of one action", "a3 0c 82 9e 00 10"),
  maintenanceIn("REPORT SUPPORTED OPERATION CODES of an unknown one", "a3 0c 81 ff"),
  maintenanceIn("REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", "a3 0d", 4),
  maintenanceIn("REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS extended", "a3 0d 80", 4),
  { title: "READ DEFECT DATA(10)", cdb: "37 00 18", at: 7, octets: 2 },
  { title: "READ DEFECT DATA(12)", cdb: "b7 18", at: 6, octets: 4 },
  ...["READ KEYS", "READ RESERVATION", "REPORT CAPABILITIES", "READ FULL STATUS"].map(
    (action, i): Query => ({
      title: `PERSISTENT RESERVE IN ${action}`,
      cdb: `5e 0${i}`,
      at: 7,
      octets: 2,
    }),
  ),
];

function cdbWith({ cdb, at, octets }: Query, allocationLength: number): Uint8Array {
  const whole = new Uint8Array(16);
  whole.set(cdb.split(" ").map((octet) => parseInt(octet, 16)));
  const view = new DataView(whole.buffer);
  if (octets === 1) view.setUint8(at, allocationLength);
  else if (octets === 2) view.setUint16(at, allocationLength);
  else view.setUint32(at, allocationLength);
  return whole;
}

/** REQUEST SENSE has more to tell while there is a unit attention; telling it ends it. */
function prepare(unit: LogicalUnit, { title }: Query): void {
  if (title.startsWith("REQUEST SENSE")) {
    unit.attentions.establish(NEXUS, CAPACITY_DATA_HAS_CHANGED);
  }
}

for (const query of QUERIES) {
  Deno.test(`B-19: ${query.title}: no allocation length gets more than was built`, async () => {
    const unit = unitOf();
    prepare(unit, query);
    const most = query.octets === 1 ? 255 : 4096;
    const whole = await run(unit, cdbWith(query, most));
    assert.equal(whole.status, 0);
    assert(whole.data.length > 0 && whole.data.length < most);
    for (let length = 0; length <= Math.min(most, 300); length++) {
      prepare(unit, query);
      const { status, data } = await run(unit, cdbWith(query, length));
      if (length < (query.least ?? 0)) {
        assert.equal(status, 2);
        unit.attentions.take(NEXUS);
        continue;
      }
      assert.equal(status, 0);
      assert.deepEqual(data, whole.data.subarray(0, length));
    }
  });
}
