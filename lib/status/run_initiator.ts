/** The initiator's service put together: what it keeps, and the API that commands come to. */
import { socketFile } from "../config/state_directory.ts";
import type { InitiatorControl } from "../initiator_service/control.ts";
import { InitiatorService } from "../initiator_service/initiator_service.ts";
import { initiatorDirectory } from "../initiator_service/state_paths.ts";
import { DEFAULT_SETTINGS, type MultipathSettings } from "../initiator/multipath/settings.ts";
import type { Limits } from "../initiator/limits.ts";
import { systemNode } from "../initiator/system_node.ts";
import { type Clock, wakefulClock } from "../runtime/clock.ts";
import { keepMemoryFree } from "../runtime/free_memory.ts";
import type { Logger } from "../runtime/logger.ts";
import { createApi } from "./api.ts";
import { INITIATOR_ROUTES } from "./initiator_routes.ts";
import { type HttpListener, listenOnSocket } from "./listeners.ts";
import { tellSupervisor } from "./supervisor.ts";

export interface RunInitiatorOptions {
  readonly stateDirectory: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly settings?: Partial<MultipathSettings>;
  /** How long bound devices are waited for until it is complained that they are not there. */
  readonly bindMs: number;
}

export interface RunningInitiatorService {
  readonly control: InitiatorControl;
  /** Where commands reach it. */
  readonly socket: string;
  /** Resolves when all bound devices are there, or it ends. */
  readonly ready: Promise<void>;
  /** Called again meanwhile, it waits for no target any more. */
  stop(): Promise<void>;
}

/** Starts the service; resolves when commands can reach it. */
export async function runInitiator(options: RunInitiatorOptions): Promise<RunningInitiatorService> {
  const { stateDirectory, logger, limits, settings, bindMs, clock = wakefulClock } = options;
  const directory = initiatorDirectory(stateDirectory);
  const service = await InitiatorService.start({
    ...{ directory, logger, clock },
    settings: { ...DEFAULT_SETTINGS, ...settings },
    makeNode: (name) => systemNode({ name, logger, ...(limits === undefined ? {} : { limits }) }),
  });
  const socket = socketFile(directory);
  let listener: HttpListener | undefined;
  let letMemoryBe = () => {};
  const callOff = clock.after(bindMs, () => {
    service.complain(bindMs / 1000);
    if (!service.isReady) tellSupervisor(`STATUS=not there: ${service.missing.join(", ")}`);
  });

  let stopping: Promise<void> | undefined;

  function stop(): Promise<void> {
    if (stopping !== undefined) service.stop();
    return stopping ??= end();
  }

  async function end(): Promise<void> {
    tellSupervisor("STOPPING=1");
    callOff();
    letMemoryBe();
    await listener?.close();
    await service.stop();
  }

  try {
    const api = createApi({
      control: service.control,
      routes: INITIATOR_ROUTES,
      access: "full",
      logger,
      description: "Sessions, devices and persistent logins of the initiator",
    });
    listener = await listenOnSocket(socket, (request) => api.fetch(request), logger);
    letMemoryBe = keepMemoryFree(clock);
    if (!service.isReady) tellSupervisor(waiting(service.missing, bindMs));
    const ready = service.ready().then(() => {
      callOff();
      // It may be over because the service ends.
      if (service.isReady) tellSupervisor("READY=1\nSTATUS=");
    });
    return { control: service.control, socket, ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Besides its own time a supervisor has to allow for {@link bindMs}, and a little. */
const ALLOWANCE_MS = 30_000;

/** sd_notify(3). When that time is over it is for the supervisor to say what becomes of it. */
function waiting(missing: readonly string[], bindMs: number): string {
  const extensionUs = (bindMs + ALLOWANCE_MS) * 1000;
  return `EXTEND_TIMEOUT_USEC=${extensionUs}\nSTATUS=waits for ${missing.join(", ")}`;
}
