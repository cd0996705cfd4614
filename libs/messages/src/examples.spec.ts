import { describe, expect, it } from 'vitest';
import { MESSAGE_EXAMPLES } from './examples.js';
import { ALL_TOPICS } from './topics.js';

describe('the examples of messages', () => {
  it.each(Object.keys(MESSAGE_EXAMPLES))('fit the schema of their topic: %s', (name) => {
    const topic = ALL_TOPICS.find((each) => each.name === name)!;
    for (const message of MESSAGE_EXAMPLES[name]) expect(topic.message.parse(message)).toEqual(message);
  });

  it('are there for every topic that outsiders write', () => {
    const outside = ALL_TOPICS.filter(({ outsiders }) => outsiders !== undefined).map(({ name }) => name);
    expect(outside.filter((name) => MESSAGE_EXAMPLES[name] === undefined)).toEqual([]);
  });

  it('have no id twice', () => {
    const ids = Object.values(MESSAGE_EXAMPLES).flatMap((messages) => messages.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
