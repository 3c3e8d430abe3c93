/**
 * VERSION DESCRIPTOR codes of the standards that we claim, "no version claimed" each. SPC-4 6.6.
 */
const SAM_5 = 0x00a0;
const SBC_3 = 0x04c0;
const SPC_4 = 0x0460;
const ISCSI = 0x0960;

/** Of a direct access block device: architecture, transport, primary and block commands. */
export const VERSION_DESCRIPTORS: readonly number[] = [SAM_5, ISCSI, SPC_4, SBC_3];

/** Of the REPORT LUNS well known logical unit, which knows no block commands. */
export const WELL_KNOWN_VERSION_DESCRIPTORS: readonly number[] = [SAM_5, ISCSI, SPC_4];
