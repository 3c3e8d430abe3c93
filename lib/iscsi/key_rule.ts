/**
 * How two sides arrive at one value of a text key: the result functions of RFC 7143 6.2. They work
 * on text, so that one loop negotiates all keys; `read` makes the typed value out of a result.
 */
import { parseNumber } from "./number_value.ts";

export interface KeyRule {
  /** A declared value stands as it is; an offered one is answered. RFC 7143 6.2. */
  readonly isDeclared: boolean;
  /** Responder: the answer to an offer, given what we wish; undefined if nothing will do. */
  answer(offer: string, wish: string): string | undefined;
  /** Offerer: whether this is an answer that the offer allows. */
  admits(offer: string, answer: string): boolean;
  /** Offerer: whether the offer alone settles the result, so that no answer is needed. */
  settles(offer: string): boolean;
  /** The value that a result stands for, or undefined if it is not one. */
  read(text: string): number | boolean | string | undefined;
}

function numberWithin(text: string, least: number, most: number): number | undefined {
  const number = parseNumber(text);
  return number === undefined || number < least || number > most ? undefined : number;
}

function negotiatedNumber(
  least: number,
  most: number,
  choose: (a: number, b: number) => number,
): KeyRule {
  function read(text: string): number | undefined {
    return numberWithin(text, least, most);
  }
  return {
    isDeclared: false,
    answer(offer, wish) {
      const offered = read(offer);
      const wished = read(wish);
      if (wished === undefined) throw new RangeError(`${wish} lies outside ${least} to ${most}`);
      return offered === undefined ? undefined : String(choose(offered, wished));
    },
    admits(offer, answer) {
      const offered = read(offer);
      const answered = read(answer);
      if (offered === undefined || answered === undefined) return false;
      return choose(offered, answered) === answered;
    },
    settles: () => false,
    read,
  };
}

/** The smaller of two numbers holds; both lie within the bounds. */
export function minimum(least: number, most: number): KeyRule {
  return negotiatedNumber(least, most, Math.min);
}

/** The larger of two numbers holds; both lie within the bounds. */
export function maximum(least: number, most: number): KeyRule {
  return negotiatedNumber(least, most, Math.max);
}

function readBoolean(text: string): boolean | undefined {
  return text === "Yes" ? true : text === "No" ? false : undefined;
}

/** A boolean that `decisive` decides, whoever says it. */
function negotiatedBoolean(decisive: "Yes" | "No"): KeyRule {
  return {
    isDeclared: false,
    answer(offer, wish) {
      if (readBoolean(offer) === undefined) return undefined;
      return offer === decisive ? decisive : wish;
    },
    admits: (offer, answer) =>
      readBoolean(answer) !== undefined && (offer !== decisive || answer === decisive),
    settles: (offer) => offer === decisive,
    read: readBoolean,
  };
}

/** Yes if either side says Yes. */
export function or(): KeyRule {
  return negotiatedBoolean("Yes");
}

/** Yes if both sides say Yes. */
export function and(): KeyRule {
  return negotiatedBoolean("No");
}

/** The first value of the offered list that the wished list holds too. RFC 7143 6.2.1. */
export function firstCommon(): KeyRule {
  return {
    isDeclared: false,
    answer(offer, wish) {
      const wished = wish.split(",");
      return offer.split(",").find((value) => wished.includes(value));
    },
    admits: (offer, answer) => offer.split(",").includes(answer),
    settles: () => false,
    read: (text) => text,
  };
}

function declared(read: KeyRule["read"]): KeyRule {
  return {
    isDeclared: true,
    answer: () => undefined,
    admits: () => false,
    settles: () => true,
    read,
  };
}

/** A number that one side states. */
export function declaredNumber(least: number, most: number): KeyRule {
  return declared((text) => numberWithin(text, least, most));
}

/** Text that one side states, of at most so many octets. */
export function declaredText(longest: number): KeyRule {
  return declared((text) => new TextEncoder().encode(text).length > longest ? undefined : text);
}

/** One of several words, which one side states. */
export function declaredWord(...words: readonly string[]): KeyRule {
  return declared((text) => words.includes(text) ? text : undefined);
}

/** A key of RFC 3720 that is no more: it has one answer, and means nothing. RFC 7143 13.25. */
export function obsolete(answer: string): KeyRule {
  return {
    isDeclared: false,
    answer: () => answer,
    admits: () => true,
    settles: () => true,
    read: (text) => text,
  };
}
