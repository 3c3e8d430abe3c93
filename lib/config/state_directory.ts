/** Where the state lives. Nothing here reads it: a thin command needs only the path. */
import { isAbsolute } from "../runtime/path.ts";

/** The state directory: as given, else SANCTL_STATE_DIR, else the customary place of the user. */
export function stateDirectory(
  given?: string,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
  uid: number | null = Deno.uid(),
): string {
  const chosen = given ?? env("SANCTL_STATE_DIR");
  if (chosen !== undefined && chosen !== "") return absolute(chosen);
  if (uid === 0) return "/var/lib/sanctl";
  const xdg = env("XDG_STATE_HOME");
  // XDG Base Directory Specification: a relative path in the variable is to be ignored.
  if (xdg !== undefined && xdg.startsWith("/")) return `${xdg}/sanctl`;
  const home = env("HOME") ?? env("USERPROFILE") ?? Deno.cwd();
  return `${home}/.local/state/sanctl`;
}

/** The declared state, as YAML. */
export function stateFile(directory: string): string {
  return `${directory}/state.yaml`;
}

/** The secrets that the state file refers to. */
export function secretFile(directory: string): string {
  return `${directory}/secrets.yaml`;
}

/** Whoever holds its lock may write the state file. */
export function lockFile(directory: string): string {
  return `${directory}/lock`;
}

/** Where the running service listens for commands. */
export function socketFile(directory: string): string {
  return `${directory}/control.sock`;
}

/** Who came by. */
export function visitorFile(directory: string): string {
  return `${directory}/initiators.json`;
}

/** When schedules ran last, and how that went. */
export function scheduleRunsFile(directory: string): string {
  return `${directory}/schedule-runs.json`;
}

/** Where what happened is kept. */
export function eventsDirectory(directory: string): string {
  return `${directory}/events`;
}

/** `path` as seen from the root. */
export function absolute(path: string): string {
  return isAbsolute(path) ? path : `${Deno.cwd()}/${path}`;
}
