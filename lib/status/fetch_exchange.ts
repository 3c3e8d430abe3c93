/** Requests to an address on the network. */
import { type Exchange, headersOf } from "./exchange.ts";

export function fetchExchange(origin: string): Exchange {
  return async (ask) => {
    const response = await fetch(origin + ask.path, {
      method: ask.method,
      headers: headersOf(ask),
      redirect: "error",
      ...(ask.body === undefined ? {} : { body: ask.body }),
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    });
    return { status: response.status, chunks: response.body ?? nothing() };
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
