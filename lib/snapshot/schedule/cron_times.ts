/**
 * The moments that a cron expression names, in a time zone. What falls into the hour that daylight
 * saving leaves out is at that hour's end; a fixed time in the hour that comes twice is in the
 * first of the two; what goes by intervals counts hours as they pass.
 */
import { Cron } from "croner";

const FORM = 'minute hour day month weekday, such as "0 * * * *", "30 2 * * MON-FRI" or @daily';

export class CronTimes {
  readonly #cron: Cron;

  private constructor(cron: Cron) {
    this.#cron = cron;
  }

  /** The error says what is wrong, and the right form. Without a time zone: the machine's. */
  static parse(text: string, timeZone?: string): CronTimes {
    if (timeZone !== undefined) requireTimeZone(timeZone);
    // A date is taken for one run: nothing that a schedule could be.
    const isForm = /^@[a-z]+$/i.test(text) || text.trim().split(/\s+/).length === 5;
    if (!isForm) throw new Error(`${JSON.stringify(text)} is no schedule: write it as ${FORM}`);
    let cron: Cron;
    try {
      const zone = timeZone === undefined ? {} : { timezone: timeZone };
      cron = new Cron(text, { paused: true, mode: "5-part", ...zone });
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
      const why = error.message.replace(/^CronPattern: /, "");
      throw new Error(`${JSON.stringify(text)} is no schedule (${why}): write it as ${FORM}`, {
        cause: error,
      });
    }
    const times = new CronTimes(cron);
    if (times.after(new Date(0)) === undefined) {
      throw new Error(`${JSON.stringify(text)} names a day that never comes`);
    }
    return times;
  }

  /** The first of them after that moment. */
  after(moment: Date): Date | undefined {
    return this.#cron.nextRun(moment) ?? undefined;
  }
}

function requireTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Error(
      `${JSON.stringify(timeZone)} is no time zone: name one such as Europe/Berlin or UTC`,
      { cause },
    );
  }
}
