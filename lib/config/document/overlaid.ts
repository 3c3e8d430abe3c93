/** An object with changes of it put in; what is null in them is taken away. */
export function overlaid<T extends object>(
  object: T,
  changes: { readonly [K in keyof T]?: T[K] | null | undefined },
): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const all = Object.entries({ ...object, ...Object.fromEntries(given) });
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as T;
}
