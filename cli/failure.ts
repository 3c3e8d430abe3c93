/** What a failed command says, and the exit code that says it to scripts. */
import { ControlError, EXIT_CODES } from "../lib/config/control_error.ts";

/** Ended by Ctrl-C: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/** Ended because its terminal went away: 128 and the number of SIGHUP. */
export const HUNG_UP = 129;

/** Ended by SIGTERM: 128 and its number. */
export const TERMINATED = 143;

/** Whoever read our output has gone: 128 and the number of SIGPIPE. */
const NOBODY_READS = 141;

export interface Failure {
  readonly exitCode: number;
  /** The object and the cause, then the next step; a line each. */
  readonly lines: readonly string[];
}

/** Puts any error in the words and the code of the command line. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ControlError) {
    const next = error.nextStep === undefined ? [] : [`  ${error.nextStep}`];
    return { exitCode: EXIT_CODES[error.kind], lines: [oneLine(error.message), ...next] };
  }
  if (error instanceof Deno.errors.BrokenPipe) return { exitCode: NOBODY_READS, lines: [] };
  if (error instanceof DOMException && error.name === "AbortError") {
    return { exitCode: INTERRUPTED, lines: ["interrupted"] };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const lines = [oneLine(error.message), "  run it as a user who may"];
    return { exitCode: EXIT_CODES.permission, lines };
  }
  const message = error instanceof Error ? error.message : String(error);
  const lines = [
    oneLine(message),
    "  sanctl did not foresee this; please report it with sanctl version",
  ];
  return { exitCode: EXIT_CODES.failed, lines };
}

/** The errors beneath an error, from the outermost in; for `--verbose`. */
export function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < 8) {
    causes.push(`  because: ${oneLine(cause instanceof Error ? cause.message : String(cause))}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, "; ");
}
