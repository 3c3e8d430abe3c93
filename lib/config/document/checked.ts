/** A text that is judged, and put in normal form, by what judges it on the command line. */
import { z } from "zod";
import { ControlError } from "../control_error.ts";

/**
 * `check` answers the value, or nothing where the text is its own; what it throws is what is wrong
 * with the text. `json` is what an editor can know of it.
 */
export function checked<T = string>(
  check: (text: string) => T | void,
  json: Readonly<Record<string, unknown>> = {},
): z.ZodType<T, string> {
  return z.string().meta(json).transform((text, context) => {
    try {
      return check(text) ?? text as T;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const params = { nextStep: error instanceof ControlError ? error.nextStep : undefined };
      context.addIssue({ code: "custom", message: error.message, params });
      return z.NEVER;
    }
  });
}
