/** Every command of iscsicli. */
import type { IscsicliCommand } from "../command.ts";
import { CONNECTION_COMMANDS } from "./connections.ts";
import { IDENTITY_COMMANDS } from "./identity.ts";
import { NAME_SERVER_COMMANDS } from "./name_servers.ts";
import { PING_COMMANDS } from "./ping.ts";
import { SCSI_COMMANDS } from "./scsi.ts";
import { SESSION_COMMANDS } from "./sessions.ts";
import { TARGET_COMMANDS } from "./targets.ts";
import { VOLUME_COMMANDS } from "./volumes.ts";

export const COMMANDS: readonly IscsicliCommand[] = [
  ...TARGET_COMMANDS,
  ...SESSION_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...SCSI_COMMANDS,
  ...PING_COMMANDS,
  ...NAME_SERVER_COMMANDS,
  ...IDENTITY_COMMANDS,
  ...VOLUME_COMMANDS,
];
