/** Waits until the disks that others depend on are there, and in the end says which are not. */
import { ControlError } from "../lib/config/control_error.ts";
import { openInitiatorControl } from "../lib/initiator_service/connect.ts";
import type { InitiatorDeviceFacts } from "../lib/initiator_service/control.ts";
import type { Context } from "./context.ts";

const LOOK_MS = 200;

/** What keeps them from being there: no service, or these devices. */
type Missing = "no service" | readonly InitiatorDeviceFacts[];

/** Resolves with the names of all bound devices, once each of them can be used. */
export async function waitForBound(context: Context, seconds: number): Promise<readonly string[]> {
  const lateMs = performance.now() + seconds * 1000;
  for (;;) {
    const bound = await boundDevices(context);
    const missing = bound === "no service" ? bound : bound.filter((each) => !isThere(each));
    if (bound !== "no service" && missing.length === 0) return bound.map(({ name }) => name);
    if (performance.now() >= lateMs) throw late(missing, seconds);
    await pause(LOOK_MS, context.signal);
  }
}

/** It may be started meanwhile, and so is looked for each time. */
async function boundDevices(context: Context): Promise<Missing> {
  const { stateDir, server } = context.flags;
  try {
    const control = await openInitiatorControl({ stateDir, server });
    try {
      if ((await control.show()).service === "stopped") return "no service";
      const bound = (await control.devices()).filter((device) => device.bound);
      if (bound.length > 0) return bound;
    } finally {
      await control.close();
    }
  } catch (error) {
    if (error instanceof ControlError && error.kind === "unreachable") return "no service";
    throw error;
  }
  throw new ControlError(
    "failed",
    "no device is bound, and so none is waited for",
    "attach the devices of persistent logins, then sanctl initiator bind",
  );
}

function isThere({ attached, state }: InitiatorDeviceFacts): boolean {
  return attached !== null && (state === "online" || state === "degraded");
}

function late(missing: Missing, seconds: number): ControlError {
  if (missing === "no service") {
    return new ControlError(
      "unreachable",
      `the initiator service did not run within ${seconds} s`,
      "start it: sanctl initiator serve",
    );
  }
  const which = missing.map(({ name, error }) => `${name} (${error ?? "it is not attached"})`);
  return new ControlError(
    "unreachable",
    `${missing.length === 1 ? "a bound device is" : "bound devices are"} not there after ` +
      `${seconds} s: ${which.join(", ")}`,
    "see to the targets: sanctl initiator sessions; the service goes on trying",
  );
}

/** Ends early, with its reason, when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
