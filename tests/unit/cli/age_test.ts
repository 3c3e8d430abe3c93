import assert from "node:assert/strict";
import { formatAge } from "../../../cli/age.ts";

Deno.test("formatAge shows the two largest units", () => {
  const table: [seconds: number, text: string][] = [
    [0, "0s"],
    [59, "59s"],
    [60, "1m"],
    [3599, "59m 59s"],
    [3600, "1h"],
    [12_061, "3h 21m"],
    [86_400, "1d"],
    [86_400 + 59, "1d"],
    [93_600, "1d 2h"],
  ];
  for (const [seconds, text] of table) assert.equal(formatAge(seconds), text);
});
