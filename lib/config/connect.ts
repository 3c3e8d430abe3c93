/**
 * Finds whoever can carry out a command: the running service, or, where none runs, this process on
 * the declared state. Loads only what the one or the other needs.
 */
import { type Control, ControlError } from "./control.ts";
import { socketFile, stateDirectory } from "./state_directory.ts";

export interface ConnectOptions {
  /** As given by --state-dir. */
  readonly stateDir?: string | undefined;
  /** As given by --server: `unix:PATH`, `ssh://HOST` or `http://HOST:PORT`. */
  readonly server?: string | undefined;
}

/** The control that commands work through; whoever opened it closes it. */
export async function openControl(options: ConnectOptions = {}): Promise<Control> {
  if (options.server !== undefined) return await connectTo(options.server);
  const directory = stateDirectory(options.stateDir);
  const socket = socketFile(directory);
  if (await isServing(socket)) return await clientOfSocket(socket);
  const { offlineControl } = await import("./offline_control.ts");
  return offlineControl(directory);
}

async function connectTo(server: string): Promise<Control> {
  if (server.startsWith("unix:/")) {
    const socket = server.slice("unix:".length);
    if (await isServing(socket)) return await clientOfSocket(socket);
    throw new ControlError(
      "unreachable",
      `no service listens at ${server}`,
      "start one: sanctl target serve",
    );
  }
  if (server.startsWith("ssh:")) return await connectBySsh(server);
  const url = URL.parse(server);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search) {
    const { clientAtUrl } = await import("../status/client.ts");
    return clientAtUrl(url.origin);
  }
  throw new ControlError(
    "usage",
    `${JSON.stringify(server)} does not say where a service is`,
    "use unix:/PATH/control.sock, ssh://HOST or http://HOST:PORT",
  );
}

/** Whoever uses the control ends the tunnel with it. */
async function connectBySsh(server: string): Promise<Control> {
  const { openSshTunnel, parseSshPlace, SSH_FORM } = await import("./ssh_tunnel.ts");
  const place = parseSshPlace(server);
  if (place === undefined) {
    const message = `${JSON.stringify(server)} does not say where a service is`;
    throw new ControlError("usage", message, `use ${SSH_FORM}`);
  }
  const tunnel = await openSshTunnel(place);
  const { clientThrough } = await import("../status/client.ts");
  const control = clientThrough(server, tunnel);
  try {
    await control.version();
    return control;
  } catch (cause) {
    await control.close();
    throw new ControlError(
      "unreachable",
      `no service answers on ${place.destination} at ${place.socket}`,
      `start one there: sanctl target serve; or say where its socket is: ${SSH_FORM}`,
      { cause },
    );
  }
}

/** Loaded only here: what works without the service has no use for it. */
async function clientOfSocket(socket: string): Promise<Control> {
  const { clientAtSocket } = await import("../status/client.ts");
  return clientAtSocket(socket);
}

/** Whether somebody listens there; a socket that a dead service left behind refuses at once. */
export async function isServing(socket: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path: socket });
    connection.close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ControlError(
      "permission",
      `no permission to speak to the service at ${socket}`,
      "run the command as the user that the service runs as",
      { cause: error },
    );
  }
}
