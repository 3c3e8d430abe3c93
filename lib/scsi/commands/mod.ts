/** Every command that a unit knows, a family a file. */
import type { Command } from "../command.ts";
import { inquiries } from "./inquiry.ts";
import { persistentReserveIn } from "./persistent_reserve_in.ts";
import { persistentReserveOut } from "./persistent_reserve_out.ts";
import { reportLunsCommands } from "./report_luns.ts";
import { requestSenses } from "./request_sense.ts";
import { reserveRelease } from "./reserve_release.ts";
import { testUnitReadies } from "./test_unit_ready.ts";

export const COMMANDS: readonly Command[] = [
  ...testUnitReadies,
  ...requestSenses,
  ...inquiries,
  ...reportLunsCommands,
  ...persistentReserveIn,
  ...persistentReserveOut,
  ...reserveRelease,
];
