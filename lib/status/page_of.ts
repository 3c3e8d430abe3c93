/** The part of a list that is asked for. */
export function pageOf<T>(items: readonly T[], query: { offset: number; limit: number }) {
  const end = query.offset + query.limit;
  return { items: items.slice(query.offset, end), next: end < items.length ? end : null };
}
