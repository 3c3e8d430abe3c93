/** What is wrong with a document's data, in the words of an operator. */
import type { z } from "zod";
import { nearest } from "./nearest.ts";

type Issue = z.core.$ZodIssue;

/** The cause, and what to do about it. */
export interface IssueText {
  readonly why: string;
  readonly nextStep: string;
}

export interface IssueContext {
  /** What stands there. */
  readonly value: unknown;
  /** The keys of the object that it is. */
  readonly known: readonly string[];
}

export function issueText(issue: Issue, { value, known }: IssueContext): IssueText {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKey(issue.keys[0]!, known);
    case "invalid_type":
      return wrongType(issue.expected, value);
    case "invalid_value":
      return { why: `${shown(value)} is none of its values`, nextStep: oneOf(issue.values) };
    case "invalid_union":
      return { why: `${shown(value)} is none of its values`, nextStep: oneOf(valuesOf(issue)) };
    case "too_big":
      return outside(value, `at most ${issue.maximum}`);
    case "too_small":
      return outside(value, `at least ${issue.minimum}`);
    default:
      return judged(issue, value);
  }
}

function unknownKey(key: string, known: readonly string[]): IssueText {
  const meant = nearest(key, known);
  const nextStep = meant === undefined
    ? `the keys here are ${known.join(", ")}`
    : `did you mean ${meant}?`;
  return { why: `there is no key ${shown(key)}`, nextStep };
}

/** How each type is called, and how it is written. */
const TYPES: Readonly<Record<string, readonly [name: string, form: string]>> = {
  string: ["a text", "write a text, in quotes where it looks like something else"],
  number: ["a number", "write a number"],
  int: ["a whole number", "write a whole number"],
  boolean: ["true or false", "write true or false"],
  array: ["a list", "write a list: a line that begins with - for each, or [] for none"],
  object: ["a set of keys", "write keys with their values, a line each"],
};

function wrongType(expected: string, value: unknown): IssueText {
  const [name, form] = TYPES[expected] ?? [expected, `write ${expected}`];
  if (value === undefined) return { why: "it is missing", nextStep: form };
  if (value === null) return { why: `nothing stands there, but ${name} is needed`, nextStep: form };
  return { why: `${shown(value)} is not ${name}`, nextStep: form };
}

function outside(value: unknown, limit: string): IssueText {
  if (typeof value === "number") {
    return { why: `${value} is not possible`, nextStep: `use ${limit}` };
  }
  return { why: `it has too many or too few parts`, nextStep: `give ${limit}` };
}

function judged(issue: Issue, value: unknown): IssueText {
  const nextStep = issue.code === "custom" ? issue.params?.["nextStep"] : undefined;
  const why = issue.message.startsWith("is not ")
    ? `${shown(value)} ${issue.message}`
    : issue.message;
  return {
    why: why.charAt(0).toLowerCase() + why.slice(1),
    nextStep: typeof nextStep === "string" ? nextStep : "see what sanctl export writes there",
  };
}

/** The values that the branches of a union stand for. */
function valuesOf(issue: Issue): readonly unknown[] {
  if (issue.code !== "invalid_union") return [];
  return issue.errors.flatMap((branch) =>
    branch.flatMap((each) => each.code === "invalid_value" ? each.values : [])
  );
}

function oneOf(values: readonly unknown[]): string {
  return `use ${values.map(String).join(" or ")}`;
}

/** A value of the document in an error; what is long is cut. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
