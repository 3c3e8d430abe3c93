/**
 * Sense data: why a command ended in CHECK CONDITION. SPC-4 4.5. What the standards tabulate stands
 * here as named constants; a sense that carries INFORMATION or a field pointer is made from one by
 * `withInformation` or `withField`.
 */
export interface Sense {
  readonly key: number;
  /** ADDITIONAL SENSE CODE in the high octet, ADDITIONAL SENSE CODE QUALIFIER in the low one. */
  readonly code: number;
  /** The INFORMATION field: for a block device an LBA, or the offset of a miscompare. */
  readonly information?: number;
  /** The octet in error, in the CDB or in the parameter list. SPC-4 4.5.2.4.2. */
  readonly field?: FieldPointer;
  /** PROGRESS INDICATION, in 65,536ths, of what keeps the unit busy. SPC-4 4.5.2.4.4. */
  readonly progress?: number;
}

export interface FieldPointer {
  readonly in: "cdb" | "data";
  readonly octet: number;
  /** The most significant bit of the field in error, where one octet holds several. */
  readonly bit?: number;
}

/** SPC-4 4.5.6. */
export const SenseKey = {
  NO_SENSE: 0x0,
  RECOVERED_ERROR: 0x1,
  NOT_READY: 0x2,
  MEDIUM_ERROR: 0x3,
  HARDWARE_ERROR: 0x4,
  ILLEGAL_REQUEST: 0x5,
  UNIT_ATTENTION: 0x6,
  DATA_PROTECT: 0x7,
  ABORTED_COMMAND: 0xb,
  MISCOMPARE: 0xe,
} as const;

function sense(key: number, code: number): Sense {
  return Object.freeze({ key, code });
}

const { NO_SENSE, NOT_READY, MEDIUM_ERROR, HARDWARE_ERROR, ILLEGAL_REQUEST } = SenseKey;
const { UNIT_ATTENTION, DATA_PROTECT, ABORTED_COMMAND, MISCOMPARE } = SenseKey;

export const NO_SENSE_DATA = sense(NO_SENSE, 0x0000);

export const BECOMING_READY = sense(NOT_READY, 0x0401);
export const INITIALIZING_COMMAND_REQUIRED = sense(NOT_READY, 0x0402);
export const SANITIZE_IN_PROGRESS = sense(NOT_READY, 0x041b);
export const MEDIUM_NOT_PRESENT = sense(NOT_READY, 0x3a00);
export const LOGICAL_UNIT_NOT_READY = sense(NOT_READY, 0x0400);

export const WRITE_ERROR = sense(MEDIUM_ERROR, 0x0c00);
export const UNRECOVERED_READ_ERROR = sense(MEDIUM_ERROR, 0x1100);
export const SANITIZE_FAILED = sense(MEDIUM_ERROR, 0x3103);

export const INTERNAL_TARGET_FAILURE = sense(HARDWARE_ERROR, 0x4400);

export const PARAMETER_LIST_LENGTH_ERROR = sense(ILLEGAL_REQUEST, 0x1a00);
export const INVALID_COMMAND_OPERATION_CODE = sense(ILLEGAL_REQUEST, 0x2000);
export const LBA_OUT_OF_RANGE = sense(ILLEGAL_REQUEST, 0x2100);
export const INVALID_FIELD_IN_CDB = sense(ILLEGAL_REQUEST, 0x2400);
export const LOGICAL_UNIT_NOT_SUPPORTED = sense(ILLEGAL_REQUEST, 0x2500);
export const INVALID_FIELD_IN_PARAMETER_LIST = sense(ILLEGAL_REQUEST, 0x2600);
export const INVALID_RELEASE_OF_PERSISTENT_RESERVATION = sense(ILLEGAL_REQUEST, 0x2604);
export const SAVING_PARAMETERS_NOT_SUPPORTED = sense(ILLEGAL_REQUEST, 0x3900);
export const INVALID_MESSAGE_ERROR = sense(ILLEGAL_REQUEST, 0x4900);
export const MEDIUM_REMOVAL_PREVENTED = sense(ILLEGAL_REQUEST, 0x5302);
export const INSUFFICIENT_REGISTRATION_RESOURCES = sense(ILLEGAL_REQUEST, 0x5504);

export const WRITE_PROTECTED = sense(DATA_PROTECT, 0x2700);
export const SPACE_ALLOCATION_FAILED = sense(DATA_PROTECT, 0x2707);

export const NOT_READY_TO_READY_CHANGE = sense(UNIT_ATTENTION, 0x2800);
/** The general one, which every initiator knows. SAM-5 6.3. */
export const POWER_ON_OR_RESET_OCCURRED = sense(UNIT_ATTENTION, 0x2900);
export const SCSI_BUS_RESET_OCCURRED = sense(UNIT_ATTENTION, 0x2902);
export const BUS_DEVICE_RESET_OCCURRED = sense(UNIT_ATTENTION, 0x2903);
export const I_T_NEXUS_LOSS_OCCURRED = sense(UNIT_ATTENTION, 0x2907);
export const MODE_PARAMETERS_CHANGED = sense(UNIT_ATTENTION, 0x2a01);
export const RESERVATIONS_PREEMPTED = sense(UNIT_ATTENTION, 0x2a03);
export const RESERVATIONS_RELEASED = sense(UNIT_ATTENTION, 0x2a04);
export const REGISTRATIONS_PREEMPTED = sense(UNIT_ATTENTION, 0x2a05);
export const CAPACITY_DATA_HAS_CHANGED = sense(UNIT_ATTENTION, 0x2a09);
export const COMMANDS_CLEARED_BY_ANOTHER_INITIATOR = sense(UNIT_ATTENTION, 0x2f00);
export const INQUIRY_DATA_HAS_CHANGED = sense(UNIT_ATTENTION, 0x3f03);
export const REPORTED_LUNS_DATA_HAS_CHANGED = sense(UNIT_ATTENTION, 0x3f0e);

export const UNEXPECTED_UNSOLICITED_DATA = sense(ABORTED_COMMAND, 0x0c0c);
export const NOT_ENOUGH_UNSOLICITED_DATA = sense(ABORTED_COMMAND, 0x0c0d);
export const PROTOCOL_SERVICE_CRC_ERROR = sense(ABORTED_COMMAND, 0x4705);
export const COMMAND_PHASE_ERROR = sense(ABORTED_COMMAND, 0x4a00);
export const DATA_PHASE_ERROR = sense(ABORTED_COMMAND, 0x4b00);
export const OVERLAPPED_COMMANDS_ATTEMPTED = sense(ABORTED_COMMAND, 0x4e00);

export const MISCOMPARE_DURING_VERIFY = sense(MISCOMPARE, 0x1d00);

/** The same sense with its INFORMATION field. */
export function withInformation(base: Sense, information: number): Sense {
  return { ...base, information };
}

/** The same sense pointing at the octet (and bit) in error. */
export function withField(base: Sense, field: FieldPointer): Sense {
  return { ...base, field };
}

/** The same sense saying how far the operation is. */
export function withProgress(base: Sense, progress: number): Sense {
  return { ...base, progress };
}
