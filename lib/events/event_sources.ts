/**
 * Who tells of events. The sources with capitals in their names keep the numbers under which
 * administrators of Windows know the event.
 */
export const EVENT_SOURCES = [
  "iScsiPrt",
  "MSiSCSI",
  "mpio",
  "Disk",
  "Ftdisk",
  "WinTarget",
  "target",
  "storage",
  "snapshot",
  "backup",
  "schedule",
  "service",
  "isns",
] as const;
export type EventSource = typeof EVENT_SOURCES[number];
