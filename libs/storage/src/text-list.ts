/** Between texts, and in place of one that is null: JSON has neither, and names are checked where they enter. */
const SEPARATOR = '\u001f';
const NULL = '\u001e';
/** Before the first text, so that the list of one empty text is not the empty list. */
const BEGINNING = '.';

/**
 * Texts as one parameter of a statement, which takes them apart with {@link texts}. The driver quotes and escapes the elements of an array one by one, and the
 * server reverses it: with JSON in the rows both spend most of their time on that.
 *
 * @throws {Error} for a text with one of the two control characters
 */
export function textList(given: readonly (string | number | bigint | null)[]): string {
  let list = BEGINNING;
  for (const each of given) {
    const text = each === null ? NULL : String(each);
    if (each !== null && (text.includes(SEPARATOR) || text.includes(NULL)))
      throw new Error('a text has a control character that separates the texts of a statement');
    list += SEPARATOR + text;
  }
  return list;
}

/**
 * The array that a parameter made by {@link textList} stands for.
 *
 * @param parameter such as `$1`
 * @param type of the elements
 */
export const texts = (parameter: string, type = 'text'): string =>
  `(string_to_array(${parameter}, E'\\x1f', E'\\x1e'))[2:]::${type}[]`;
