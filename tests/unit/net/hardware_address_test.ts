import assert from "node:assert/strict";
import { isHardwareAddress, normaliseHardwareAddress } from "../../../lib/net/hardware_address.ts";

Deno.test("normaliseHardwareAddress reads dashes and colons, in either case", () => {
  for (const text of ["00-15-17-0B-0E-F6", "00:15:17:0b:0e:f6", "00-15-17-0b-0E-f6"]) {
    assert.equal(normaliseHardwareAddress(text), "00-15-17-0B-0E-F6");
  }
});

Deno.test("normaliseHardwareAddress refuses what is no adapter's", () => {
  for (
    const text of [
      ...["", "0015170B0EF6", "00-15:17-0B:0E-F6", "00-15-17-0B-0E", "00-15-17-0B-0E-F6-00"],
      ...["0-15-17-0B-0E-F6", "00-15-17-0B-0E-G6", " 00-15-17-0B-0E-F6", "00.15.17.0B.0E.F6"],
    ]
  ) {
    assert.equal(isHardwareAddress(text), false, text);
    assert.throws(() => normaliseHardwareAddress(text), /six octets/, text);
  }
  for (const text of ["01:00:5e:00:00:01", "FF-FF-FF-FF-FF-FF"]) {
    assert.throws(() => normaliseHardwareAddress(text), /a group/, text);
  }
  assert.throws(() => normaliseHardwareAddress("00:00:00:00:00:00"), /no adapter/);
});
