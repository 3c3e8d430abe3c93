import { ControlError } from "../../lib/config/control_error.ts";
import type { LimitFacts } from "../../lib/config/facts.ts";
import { exactSize, parseSize } from "../../lib/config/size.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";

const COLUMNS: readonly Column<LimitFacts>[] = [
  { heading: "LIMIT", value: ({ name }) => name },
  { heading: "VALUE", align: "right", value: (limit) => limitText(limit, limit.value) },
  { heading: "USED", align: "right", value: ({ used }) => used ?? "-" },
  { heading: "STANDARD", align: "right", value: (limit) => limitText(limit, limit.standard) },
  {
    heading: "FROM",
    align: "right",
    value: (limit) => limitText(limit, limit.least),
  },
  { heading: "TO", align: "right", value: (limit) => limitText(limit, limit.most) },
  { heading: "OF WHAT", value: ({ about }) => about },
];

/** What sets a limit back. */
const STANDARD = "standard";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  ...settings: string[]
): Promise<void> {
  const control = await this.control();
  const limits = await control.limits();
  if (settings.length === 0) return this.output.list(limits, COLUMNS, "no limits");
  const changes = settings.map((setting) => changeOf(setting, limits));
  const changed = await control.setLimits(Object.fromEntries(changes));
  this.output.changed(
    changed,
    (facts) =>
      facts.filter(({ name }) => changes.some(([each]) => each === name))
        .map((limit) => `limit ${limit.name} is ${limitText(limit, limit.value)}`).join("\n"),
  );
}

/** `NAME=VALUE`; the name may be written with dashes. */
function changeOf(setting: string, limits: readonly LimitFacts[]): [string, number | null] {
  const equals = setting.indexOf("=");
  const name = setting.slice(0, Math.max(0, equals))
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const limit = limits.find((each) => each.name === name);
  if (equals < 0 || limit === undefined) {
    throw new ControlError(
      "usage",
      equals < 0 ? `${JSON.stringify(setting)} sets nothing` : `there is no limit ${name}`,
      "write NAME=VALUE; sanctl target limits lists the names",
    );
  }
  const text = setting.slice(equals + 1);
  return [name, text === STANDARD ? null : valueOf(text, limit)];
}

function valueOf(text: string, { name, unit }: LimitFacts): number {
  if (unit === "octets") {
    try {
      return parseSize(text);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      throw new ControlError("usage", `${name}: ${cause.message}`, undefined, { cause });
    }
  }
  const digits = unit === "seconds" ? text.replace(/s$/, "") : text;
  if (/^\d{1,9}$/.test(digits)) return Number(digits);
  const example = unit === "seconds" ? "15s" : "256";
  throw new ControlError(
    "usage",
    `${name}: ${JSON.stringify(text)} is no ${unit === "seconds" ? "time in seconds" : "number"}`,
    `write it like ${name}=${example}, or ${name}=${STANDARD}`,
  );
}

/** `4096`, `15s`, `256M`. */
function limitText({ unit }: LimitFacts, value: number): string {
  if (unit === "octets") return exactSize(value);
  return unit === "seconds" ? `${value}s` : String(value);
}
