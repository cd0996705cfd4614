/** Accounts in one event at most: an event is a message, and a message has a largest size. */
const ACCOUNTS_AT_MOST = 2000;

/** A list in parts of a bounded length; one empty part of an empty list. */
export function inParts<T>(list: readonly T[]): (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < list.length || from === 0; from += ACCOUNTS_AT_MOST)
    parts.push(list.slice(from, from + ACCOUNTS_AT_MOST));
  return parts;
}
