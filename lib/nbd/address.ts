/**
 * Where an NBD export is: `nbd://HOST[:PORT]/EXPORT`, or `nbd+unix:///EXPORT?socket=PATH`. The
 * forms are those of doc/uri.md.
 */
export type NbdAddress =
  & { readonly exportName: string }
  & (
    | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
    | { readonly transport: "unix"; readonly path: string }
  );

/** The port that IANA has registered. */
const NBD_PORT = 10_809;

/** A URL that is none of these. */
export class NbdUrlError extends Error {
  override readonly name = "NbdUrlError";
}

/** What follows the host, up to the query. RFC 3986 3. */
const PATH = /^[^:]+:\/\/[^/?#]*\/([^?#]*)/;

const FORMS = "write nbd://HOST:PORT/EXPORT, or nbd+unix:///EXPORT?socket=PATH";

export function parseNbdUrl(text: string): NbdAddress {
  const url = URL.parse(text);
  if (url === null) throw new NbdUrlError(`"${text}" is no URL: ${FORMS}`);
  // Not the pathname: "." and ".." are names of exports too.
  const exportName = unescaped(PATH.exec(text)?.[1] ?? "", text);
  const scheme = url.protocol.slice(0, -1);
  if (/^nbds/.test(scheme)) {
    throw new NbdUrlError(`"${text}" asks for TLS, which is not spoken here; use a tunnel`);
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new NbdUrlError(`"${text}" has more parts than where an export is: ${FORMS}`);
  }
  const path = url.searchParams.get("socket");
  const strange = [...url.searchParams.keys()].find((key) => key !== "socket");
  if (strange !== undefined) {
    throw new NbdUrlError(`"${text}" has a parameter that is not known: ${strange}`);
  }
  if (scheme === "nbd+unix" && url.host === "" && path) {
    return { exportName, transport: "unix", path };
  }
  if (scheme === "nbd" && url.hostname !== "" && path === null) {
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = url.port === "" ? NBD_PORT : Number(url.port);
    return { exportName, transport: "tcp", hostname: unescaped(hostname, text), port };
  }
  throw new NbdUrlError(`"${text}" does not say where an export is: ${FORMS}`);
}

/** The URL of an export, as every NBD client takes it. */
export function nbdUrl(address: NbdAddress): string {
  const name = encodeURIComponent(address.exportName);
  if (address.transport === "unix") {
    return `nbd+unix:///${name}?socket=${encodeURIComponent(address.path).replaceAll("%2F", "/")}`;
  }
  const { hostname, port } = address;
  return `nbd://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/${name}`;
}

/** Where the server is, for people. */
export function serverOf(address: NbdAddress): string {
  if (address.transport === "unix") return address.path;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function unescaped(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new NbdUrlError(`"${url}" has a "%" that escapes nothing`, { cause });
  }
}
