/**
 * A program around a JobPool: how many side by side, then the words of each job in one argument each. On
 * stdout one line of JSON for each thing that the pool tells, the outcomes last.
 */
import { JobPool } from "../../../src/cli/jobs/job-pool.ts";
import { COMMAND } from "../command.ts";

const [sideBySide, ...jobs] = process.argv.slice(2);

const tell = (event: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};
const pool = new JobPool(
  {
    standing: (name, { step, loss }, evaluated) => tell({ name, step, loss, evaluated }),
    say: (text) => tell({ said: text }),
    complain: (text) => tell({ complained: text }),
    ended: (name) => tell({ name, ended: true }),
    end: () => tell({ end: true }),
  },
  [COMMAND],
);
const outcomes = await pool.run(
  jobs.map((words, i) => ({ name: `job ${i + 1}`, words: words.split(" ") })),
  Number(sideBySide),
);
pool.close();
tell({ outcomes });
process.exitCode = pool.exitCode;
