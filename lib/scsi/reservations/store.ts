/**
 * What of the persistent reservations outlives a loss of power, and where it is kept. SPC-4 calls
 * it APTPL, activate persist through power loss. It belongs to the disk, not to a LUN or a target.
 */

/** One registration, as it is kept. */
export interface PersistedRegistration {
  /** SCSI initiator port name: `NAME,i,0x` and the ISID. */
  readonly initiatorPort: string;
  /** SCSI target port name; absent where the registration is for all of them (ALL_TG_PT). */
  readonly targetPort?: string;
  /** With ALL_TG_PT, the target ports that have since gone their own way. */
  readonly except?: readonly string[];
  readonly relativeTargetPort: number;
  /** The reservation key, in sixteen hex digits. */
  readonly key: string;
}

export interface PersistedReservations {
  /** Empty where nothing is to persist. */
  readonly registrations: readonly PersistedRegistration[];
  readonly reservation?: {
    /** The TYPE field of PERSISTENT RESERVE OUT. */
    readonly type: number;
    /** Index of the holder's registration; absent where all registrants hold it. */
    readonly holder?: number;
  };
}

/** Stable storage for the reservations of one disk. */
export interface ReservationStore {
  /**
   * What was saved last, or undefined where nothing ever was. Throws where it cannot be understood.
   */
  load(): PersistedReservations | undefined;
  /**
   * Resolves when the state is on stable storage, whole; rejects with a DeviceError where it is
   * not.
   */
  save(state: PersistedReservations): Promise<void>;
}
