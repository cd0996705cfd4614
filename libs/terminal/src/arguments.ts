import { InvalidArgumentError } from 'commander';

// Parsers of option values for commander, which names the option in front of their messages.

/** @throws {InvalidArgumentError} */
export function wholeNumber(text: string): number {
  return atLeast(1, true)(text);
}

/** @throws {InvalidArgumentError} */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('must be a positive number');
  return value;
}

/** @throws {InvalidArgumentError} */
export function nonNegative(text: string): number {
  return atLeast(0)(text);
}

/** Numbers from `least` on. */
export function atLeast(least: number, whole = false): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isFinite(value) || value < least || (whole && !Number.isInteger(value)))
      throw new InvalidArgumentError(`must be a ${whole ? 'whole ' : ''}number of at least ${least}`);
    return value;
  };
}

/** Items separated by commas. */
export function list<T>(parse: (item: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((item) => parse(item.trim()));
}
