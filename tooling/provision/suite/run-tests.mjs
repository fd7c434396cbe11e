import { run } from '../lib/exec.mjs';
import { root } from '../lib/paths.mjs';
import { provision } from '../provision.mjs';
import { clearResults, countsOf, failuresOf, readReport } from './results.mjs';
import { stages } from './stages.mjs';
import { summarize } from './summary.mjs';

const TAIL_LINES = 300;

/** Reads `--only a,b`, `--skip a,b` and `--list`; names must be those of stages. */
export function parseTestArguments(args) {
  const options = { only: undefined, skip: [], list: false };
  const rest = [...args];
  while (rest.length > 0) {
    const [flag, inline] = rest.shift().split('=', 2);
    if (flag === '--list') options.list = true;
    else if (flag === '--only') options.only = names(inline ?? rest.shift());
    else if (flag === '--skip') options.skip = names(inline ?? rest.shift());
    else throw new Error(`unknown argument ${flag}; known are --only, --skip and --list`);
  }
  return options;
}

/** Runs the chosen stages and prints the summary; returns the exit code. */
export async function runTests(progress, options) {
  const chosen = stages.filter(({ name }) => (options.only?.includes(name) ?? true) && !options.skip.includes(name));
  if (options.list) {
    for (const { name, title } of chosen) progress.line(`${name.padEnd(12)}${title}`);
    return 0;
  }
  const env = await provisionOrExplain(progress);
  if (!env) return 1;
  const outcomes = [];
  for (const stage of chosen) outcomes.push(await runStage(stage, { env, progress, outcomes }));
  const summary = summarize(outcomes);
  progress.line('');
  for (const line of summary.lines) progress.line(line);
  progress.line('');
  progress.line(summary.closing);
  return summary.ok ? 0 : 1;
}

/** The environment to run stages with, or undefined where something could not be brought. */
async function provisionOrExplain(progress) {
  try {
    return await provision(progress, { testTools: true });
  } catch (error) {
    progress.line(`${error.output ?? ''}${error.message}\n\n0 passed, 1 failed`);
    return undefined;
  }
}

async function runStage(stage, { env, progress, outcomes }) {
  const outcome = { stage, counts: countsOf(new Map()), failures: [], flaky: [], seconds: 0 };
  const broken = (stage.needs ?? []).find((name) => outcomes.some((o) => o.stage.name === name && o.status !== 'passed'));
  if (broken) {
    progress.line(`  ${stage.name.padEnd(14)}not run: ${broken} failed`);
    return { ...outcome, status: 'not run' };
  }
  clearResults(stage, root);
  const startedAt = performance.now();
  let code = await runCommand(stage, { command: stage.command, env, progress });
  let report = readReport(stage, root);
  const failed = [...report].filter(([, { failures }]) => failures.length > 0);
  if (code !== 0 && stage.again && failed.length > 0) {
    const first = failuresOf(report);
    progress.line(`  ${stage.name}: ${failed.length} files failed and run once more\n${indent(first)}`);
    code = await runCommand(stage, {
      command: stage.again(
        stage.command,
        failed.map(([name]) => name),
      ),
      env,
      progress,
    });
    report = new Map([...report, ...readReport(stage, root)]);
    const still = failuresOf(report);
    outcome.flaky = first.filter((line) => !still.includes(line));
  }
  const counts = countsOf(report);
  const status = code === 0 && counts.failed === 0 ? 'passed' : 'FAILED';
  return { ...outcome, status, counts, failures: failuresOf(report), seconds: (performance.now() - startedAt) / 1000 };
}

async function runCommand(stage, { command: [command, ...args], env, progress }) {
  let result;
  await progress.step(stage.name, async (say) => {
    say(stage.title);
    result = await run(command, args, { cwd: root, env, stream: stage.stream, timeoutMs: stage.timeoutMs });
    return result.code === 0 ? 'passed' : `FAILED with ${result.code}`;
  });
  if (result.code !== 0) progress.line(result.output.split('\n').slice(-TAIL_LINES).join('\n'));
  return result.code;
}

function indent(lines) {
  return lines.map((line) => `    ${line}`).join('\n');
}

function names(list) {
  const given = (list ?? '').split(',').filter((name) => name !== '');
  const unknown = given.find((name) => !stages.some((stage) => stage.name === name));
  if (given.length === 0 || unknown)
    throw new Error(`${unknown ?? 'nothing'} is no stage; stages are ${stages.map((s) => s.name).join(', ')}`);
  return given;
}
