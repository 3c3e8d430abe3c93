/**
 * Finds whoever can carry out a command of the initiator: its running service, or, where none runs,
 * this process on what is declared.
 */
import { ControlError } from "../config/control_error.ts";
import { isServing } from "../config/connect.ts";
import { socketFile, stateDirectory } from "../config/state_directory.ts";
import type { InitiatorControl } from "./control.ts";
import { initiatorDirectory } from "./state_paths.ts";

export interface ConnectInitiatorOptions {
  /** As given by --state-dir. */
  readonly stateDir?: string | undefined;
  /** As given by --server: `unix:PATH`, since nobody but its user may use the initiator. */
  readonly server?: string | undefined;
}

/** Whoever opened it closes it. */
export async function openInitiatorControl(
  options: ConnectInitiatorOptions = {},
): Promise<InitiatorControl> {
  const { server } = options;
  if (server !== undefined) return await connectTo(server);
  const directory = initiatorDirectory(stateDirectory(options.stateDir));
  const socket = socketFile(directory);
  if (await isServing(socket)) return await clientOf(socket);
  const { offlineInitiatorControl } = await import("./offline_initiator_control.ts");
  return offlineInitiatorControl(directory);
}

async function connectTo(server: string): Promise<InitiatorControl> {
  if (!server.startsWith("unix:/")) {
    throw new ControlError(
      "usage",
      `an initiator cannot be reached at ${JSON.stringify(server)}`,
      "use unix:/PATH/initiator/control.sock",
    );
  }
  const socket = server.slice("unix:".length);
  if (await isServing(socket)) return await clientOf(socket);
  throw new ControlError(
    "unreachable",
    `no service listens at ${server}`,
    "start one: sanctl initiator serve",
  );
}

async function clientOf(socket: string): Promise<InitiatorControl> {
  const { initiatorAtSocket } = await import("../status/initiator_client.ts");
  return initiatorAtSocket(socket);
}
