import type { Command } from 'commander';
import { atLeast, wholeNumber } from '#lib/terminal';
import { print } from '../print.js';
import type { skipCommand as Skip } from '../topics.command.js';

const fromZero = atLeast(0, true);

/** `zkrisk topics`, `dead-letters`: the operator's repairs of topics and messages. */
export function registerTopics(program: Command): void {
  const topics = program
    .command('topics')
    .description('topics of DATABASE_URL and KAFKA_BROKERS, and how far units are with them');
  topics
    .command('check')
    .description(
      'what is not as it must be on the brokers, with the command that mends it; exit code 1 where anything',
    )
    .action(async () => {
      const { checkTopicsCommand } = await import('../topics.command.js');
      const differences = await checkTopicsCommand();
      print(differences);
      if (differences.length > 0) process.exitCode = 1;
    });
  topics
    .command('skip')
    .description('pass a unit over records that keep it from going on; they go to the dead letters')
    .requiredOption('--unit <name>', 'as metrics and logs name it: pricer, liquidator/0')
    .requiredOption('--topic <name>', 'topic')
    .requiredOption('--partition <n>', 'partition', fromZero)
    .requiredOption('--to <offset>', 'the first offset that is handled again')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (options: Parameters<typeof Skip>[0]) => {
      const { skipCommand } = await import('../topics.command.js');
      print(await skipCommand(options));
    });

  topics
    .command('repartition')
    .description(
      'give keyed topics more partitions and move the accounts of the liquidator to them; all services are stopped, everything is consumed',
    )
    .requiredOption(
      '--to <n>',
      'partitions from now on; TOPIC_PARTITIONS says how many there are',
      wholeNumber,
    )
    .action(async (options: { to: number }) => {
      const { repartitionCommand } = await import('../topics.command.js');
      print(await repartitionCommand(options));
    });

  const letters = program.command('dead-letters').description('messages that could not be handled');
  letters
    .command('list <topic>')
    .description('dead letters of a topic, each with its place')
    .option('--from <place>', 'the first place', fromZero, 0)
    .option('--limit <n>', 'at most so many', wholeNumber, 100)
    .action(async (topic: string, options: { from: number; limit: number }) => {
      const { deadLettersCommand } = await import('../topics.command.js');
      print(await deadLettersCommand(topic, options));
    });
  letters
    .command('requeue <topic> <places...>')
    .description('publish dead letters again, once what was wrong with them is mended')
    .action(async (topic: string, places: string[]) => {
      const { requeueCommand } = await import('../topics.command.js');
      print(await requeueCommand(topic, places));
    });
}
