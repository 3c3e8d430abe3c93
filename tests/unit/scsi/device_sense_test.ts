import assert from "node:assert/strict";
import { DeviceError, type DeviceErrorKind } from "../../../lib/block/device.ts";
import { senseOf } from "../../../lib/scsi/device_sense.ts";

const EXPECTED: Record<DeviceErrorKind, { reading: [number, number]; writing: [number, number] }> =
  {
    "out-of-range": { reading: [0x5, 0x2100], writing: [0x5, 0x2100] },
    "read-only": { reading: [0x7, 0x2700], writing: [0x7, 0x2700] },
    "no-space": { reading: [0x7, 0x2707], writing: [0x7, 0x2707] },
    "medium": { reading: [0x3, 0x1100], writing: [0x3, 0x0c00] },
    "fenced": { reading: [0x3, 0x0c00], writing: [0x3, 0x0c00] },
    "gone": { reading: [0x2, 0x0400], writing: [0x2, 0x0400] },
  };

Deno.test("A124 A125: senseOf: each failure of a device has its sense data", () => {
  for (const [kind, row] of Object.entries(EXPECTED)) {
    const error = new DeviceError(kind as DeviceErrorKind, "the disk failed");
    for (const [direction, [key, code]] of Object.entries(row)) {
      const sense = senseOf(error, direction === "writing");
      assert.deepEqual([sense.key, sense.code], [key, code], `${kind} ${direction}`);
    }
  }
});
