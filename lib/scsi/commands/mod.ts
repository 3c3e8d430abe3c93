/** Every command that a unit knows, a family a file, and the table that finds them. */
import type { Command } from "../command.ts";
import { CommandTable } from "../command_table.ts";
import { compareAndWrites } from "./compare_and_write.ts";
import { getLbaStatuses } from "./get_lba_status.ts";
import { inquiries } from "./inquiry.ts";
import { modeSelects } from "./mode_select.ts";
import { modeSenses } from "./mode_sense.ts";
import { orwrites } from "./orwrite.ts";
import { persistentReserveIns } from "./persistent_reserve_in.ts";
import { persistentReserveOuts } from "./persistent_reserve_out.ts";
import { preFetches } from "./pre_fetch.ts";
import { preventAllowMediumRemovals } from "./prevent_allow_medium_removal.ts";
import { reads } from "./read.ts";
import { readCapacities } from "./read_capacity.ts";
import { readDefectDatas } from "./read_defect_data.ts";
import { reportLunsCommands } from "./report_luns.ts";
import { reportSupportedOperationCodes } from "./report_supported_operation_codes.ts";
import { taskManagementReports } from "./report_supported_task_management_functions.ts";
import { reportTargetPortGroupsCommands } from "./report_target_port_groups.ts";
import { requestSenses } from "./request_sense.ts";
import { reserveReleases } from "./reserve_release.ts";
import { sanitizes } from "./sanitize.ts";
import { startStopUnits } from "./start_stop_unit.ts";
import { synchronizeCaches } from "./synchronize_cache.ts";
import { testUnitReadies } from "./test_unit_ready.ts";
import { unmaps } from "./unmap.ts";
import { verifies } from "./verify.ts";
import { writes } from "./write.ts";
import { writeAndVerifies } from "./write_and_verify.ts";
import { writeAtomics } from "./write_atomic.ts";
import { writeSames } from "./write_same.ts";

export const COMMANDS: readonly Command[] = [
  ...testUnitReadies,
  ...requestSenses,
  ...inquiries,
  ...modeSelects,
  ...modeSenses,
  ...reserveReleases,
  ...startStopUnits,
  ...preventAllowMediumRemovals,
  ...readCapacities,
  ...reads,
  ...writes,
  ...writeAndVerifies,
  ...verifies,
  ...preFetches,
  ...synchronizeCaches,
  ...readDefectDatas,
  ...writeSames,
  ...unmaps,
  ...sanitizes,
  ...persistentReserveIns,
  ...persistentReserveOuts,
  ...compareAndWrites,
  ...orwrites,
  ...writeAtomics,
  ...getLbaStatuses,
  ...reportLunsCommands,
  ...reportTargetPortGroupsCommands,
  reportSupportedOperationCodes(() => TABLE),
  ...taskManagementReports,
];

/** By operation code and service action. */
export const TABLE: CommandTable = new CommandTable(COMMANDS);
