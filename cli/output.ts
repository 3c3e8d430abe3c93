/** What a command says: facts to stdout, for a person or as JSON; everything else to stderr. */
import type { Changed } from "../lib/config/facts.ts";
import { printable } from "../lib/runtime/printable.ts";

/** Characters of a value that are shown: enough for a long access list. */
const LONGEST = 4096;

/** Takes text as it is. */
export interface Sink {
  write(text: string): void;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** A column of a table: its heading, and what it shows of a row. */
export interface Column<T> {
  readonly heading: string;
  readonly align?: "right";
  readonly value: (row: T) => string | number;
}

export class Output {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** One thing: JSON where it was asked for, else what `text` makes of it. */
  facts<T>(facts: T, text: (facts: T) => string): void {
    this.#print(this.#options.json ? toJson(facts) : text(facts));
  }

  /** Many things as a table; `--quiet` leaves the first column alone. */
  list<T>(rows: readonly T[], columns: readonly Column<T>[], none: string): void {
    const { json, quiet } = this.#options;
    if (json) this.#print(toJson(rows));
    else if (quiet) rows.forEach((row) => this.#print(cell(columns[0]!, row)));
    else if (rows.length === 0) this.note(none);
    else this.#print(table(rows, columns));
  }

  /** A change that was made: what it made, if anything, then what the operator should know. */
  changed<T>(changed: Changed<T>, sentence: (facts: T) => string): void {
    const said = sentence(changed.facts);
    if (this.#options.json) this.#print(toJson(changed.facts));
    else if (!this.#options.quiet && said !== "") this.#print(said);
    for (const notice of changed.notices) this.note(notice);
  }

  /** Worth knowing, and no result: stderr, unless `--quiet`. */
  note(text: string): void {
    if (!this.#options.quiet) this.#options.stderr.write(`${text}\n`);
  }

  /** Exactly this line to stdout. */
  line(text: string): void {
    this.#print(text);
  }

  #print(text: string): void {
    this.#options.stdout.write(`${text}\n`);
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function cell<T>(column: Column<T>, row: T): string {
  return printable(String(column.value(row)), LONGEST);
}

/** Columns as wide as their widest cell, two spaces apart, the last one unpadded. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map((column) => cell(column, row))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines.map((line) =>
    line.map((text, at) =>
      columns[at]!.align === "right" ? text.padStart(widths[at]!) : text.padEnd(widths[at]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** `name  value` a line, for one thing; a row without a value is left out. */
export function sheet(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const shown = rows.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(value!, LONGEST)}`).join(
    "\n",
  );
}
