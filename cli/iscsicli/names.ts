/** How Windows calls the one adapter that there is. */
export const INITIATOR_INSTANCE = "Root\\ISCSIPRT\\0000_0";

/** The port of targets that are given without. */
export const ISCSI_SOCKET = 3260;
