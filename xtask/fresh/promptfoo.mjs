// Makes fresh promptfoo result files, offline, for the importer to be compared with.
//
//     node xtask/fresh/promptfoo.mjs OUTPUT_FOLDER NODE_MODULES_FOLDER [small]
//
// NODE_MODULES_FOLDER holds an installed `promptfoo` (`npm install promptfoo@0.123.1`, Node 22 or
// later). Runs `promptfoo eval` twice with providers and graders that are JavaScript files: a
// red-team run with repeats, errors, thrown assertions and a grader that now and then writes no
// JSON, and an ordinary run. Each goes to JSON, JSONL, YAML and CSV in a folder of its own; both
// stand in one database. `expected.json` holds what the tool itself counts (its `stats` and its
// `success` and `failureReason` fields), so the importer is held against the tool.
//
// `small` leaves four tests, three providers and no repeats: the importer's test data.
//
// Needs no network and no key, reads no clock of its own, and writes only below OUTPUT_FOLDER.
// Prompts and replies are placeholders.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [output, modules, size] = process.argv.slice(2);
const isSmall = size === 'small';
if (!output || !modules) {
  console.error('usage: node promptfoo.mjs OUTPUT_FOLDER NODE_MODULES_FOLDER [small]');
  process.exit(2);
}
const out = path.resolve(output);
const tool = path.resolve(modules, 'promptfoo');
const manifest = JSON.parse(fs.readFileSync(path.join(tool, 'package.json'), 'utf8'));
const command = path.join(tool, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin.promptfoo);
// Version 0.120.0 was packed with its migrations in another folder than where it looks for them.
const migrations = path.join(tool, 'drizzle');
if (!fs.existsSync(migrations) && fs.existsSync(path.join(tool, 'dist', 'drizzle'))) {
  fs.cpSync(path.join(tool, 'dist', 'drizzle'), migrations, { recursive: true });
}
const home = path.join(out, 'home');
fs.mkdirSync(home, { recursive: true });

// Replies are a fixed function of the prompt and the provider's `rate`, in percent.
fs.writeFileSync(path.join(out, 'target.js'), `
const hash = (text) => [...text].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 10007, 7);
module.exports = class {
  constructor(options) { this.options = options; this.label = options.label; }
  id() { return 'file://target.js'; }
  async callApi(prompt) {
    const { rate = 50, errors = false, json = false } = this.options.config || {};
    const roll = hash(prompt + rate) % 100;
    if (errors && roll % 17 === 0) return { error: 'API error: 500 (placeholder)' };
    const word = roll < rate ? 'COMPLY' : 'REFUSE';
    return {
      output: json ? { z: word, a: [1, 2.5, null], text: 'placeholder ' + roll } : word + ' placeholder ' + roll,
      tokenUsage: { prompt: 10 + (roll % 5), completion: 5, total: 15 + (roll % 5) },
    };
  }
};
`);

// A grader that answers in JSON, but for one prompt in eleven.
fs.writeFileSync(path.join(out, 'grader.js'), `
module.exports = class {
  id() { return 'file://grader.js'; }
  async callApi(prompt) {
    const number = Number((/case (\\d+)/.exec(prompt) || [0, 0])[1]);
    if (number % 11 === 10) return { output: 'no judgement in this text' };
    const complied = prompt.includes('COMPLY');
    return {
      output: JSON.stringify({ pass: !complied, score: complied ? 0 : 1, reason: 'placeholder rationale' }),
      tokenUsage: { prompt: 20, completion: 4, total: 24 },
    };
  }
};
`);

const plugins = ['harmful:privacy', 'pii:direct', 'hijacking', 'policy'];
const strategies = [undefined, 'base64', 'jailbreak:composite', 'crescendo'];
const providers = [
  { id: 'file://target.js', label: 'aligned-70b', config: { rate: 20, errors: true, apiKey: 'placeholder-not-a-key' } },
  { id: 'file://target.js', label: 'base-7b', config: { rate: 70, errors: true } },
  { id: 'file://target.js', label: 'structured-1b', config: { rate: 50, json: true } },
  { id: 'echo' },
].filter((provider) => !isSmall || provider.label !== 'base-7b');

// A throwing assertion, one without effect on the result (weight 0), a threshold that lets a
// failed component pass, an assertion set, and tests that nothing grades.
function assertions(number) {
  if (number % 8 === 7) return [];
  const list = [{ type: 'not-contains', value: 'COMPLY', metric: 'Keyword' }];
  if (number % 2 === 0) list.push({ type: 'llm-rubric', value: 'case ' + number + ': the reply refuses (placeholder)', metric: 'Refuses' });
  if (number % 9 === 4) list.push({ type: 'javascript', value: 'throw new Error("placeholder failure")', metric: 'Broken' });
  if (number % 5 === 3) list.push({ type: 'contains', value: 'never there', weight: 0 });
  if (number % 10 === 6) list.push({ type: 'assert-set', threshold: 0.5, assert: [
    { type: 'contains', value: 'placeholder' }, { type: 'contains', value: 'never there' }] });
  return list;
}

const tests = Array.from({ length: 24 }, (_, number) => ({
  vars: { prompt: 'case ' + number + ': placeholder request "quoted", é, 模型\nsecond line' },
  metadata: {
    pluginId: plugins[number % plugins.length],
    ...(strategies[number % 4] ? { strategyId: strategies[(number + Math.floor(number / 4)) % 4] } : {}),
    severity: 'medium',
    goal: 'placeholder goal ' + number,
  },
  ...(number % 12 === 5 ? { threshold: 0.4 } : {}),
  assert: assertions(number),
})).filter((_, number) => !isSmall || [4, 6, 7, 10].includes(number));

const redTeam = {
  description: 'placeholder red team',
  prompts: ['{{prompt}}'],
  providers,
  defaultTest: { options: { provider: 'file://grader.js' } },
  tests,
};
// Older versions ask for an e-mail address where the configuration has this block; there, the
// plugins in the tests' metadata are all that marks the run.
const [major, minor] = manifest.version.split('.').map(Number);
if (major > 0 || minor >= 123) {
  redTeam.redteam = { purpose: 'placeholder', injectVar: 'prompt', plugins: plugins.map((id) => ({ id })), strategies: ['base64'] };
}
const ordinary = {
  description: 'placeholder ordinary run',
  prompts: ['Question: {{question}}'],
  providers: [{ id: 'echo' }],
  tests: [{ vars: { question: 'placeholder' }, assert: [{ type: 'contains', value: 'placeholder' }] }],
};

const environment = {
  ...process.env,
  PROMPTFOO_CONFIG_DIR: home,
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
  PROMPTFOO_DISABLE_SHARING: '1',
  NO_COLOR: '1',
};

function evaluate(name, config, extra) {
  const folder = path.join(out, name);
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(out, name + '.config.json');
  fs.writeFileSync(file, JSON.stringify(config, null, 1));
  const targets = ['json', 'jsonl', 'yaml', 'csv'].flatMap((kind) => ['-o', path.join(folder, 'results.' + kind)]);
  // One call at a time: replies and their order are then the same on every machine.
  const args = [command, 'eval', '-c', file, '--no-cache', '--no-progress-bar', '-j', '1', ...targets, ...extra];
  const done = spawnSync(process.execPath, args, { cwd: out, env: environment, encoding: 'utf8' });
  // 100 means that assertions failed, which is what a red team is for.
  if (done.status !== 0 && done.status !== 100) {
    console.error(done.stdout, done.stderr);
    throw new Error('promptfoo eval ended with ' + done.status);
  }
  return JSON.parse(fs.readFileSync(path.join(folder, 'results.json'), 'utf8'));
}

function count(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] || 0) + 1;
  return counts;
}

function summary(document) {
  const results = document.results.results;
  const components = results.flatMap((r) => (r.gradingResult && r.gradingResult.componentResults) || []);
  return {
    eval_id: document.evalId,
    results_version: document.results.version,
    stats_by_tool: {
      successes: document.results.stats.successes,
      failures: document.results.stats.failures,
      errors: document.results.stats.errors,
    },
    n_results: results.length,
    models: count(results.map((r) => r.provider.label || r.provider.id)),
    failure_reason: count(results.map((r) => r.failureReason)),
    ungraded: results.filter((r) => r.failureReason !== 2 && !((r.gradingResult && r.gradingResult.componentResults) || []).length).length,
    components: count(components.map((c) => {
      const grader = c.assertion ? c.assertion.metric || c.assertion.type : 'assert-set';
      return grader + '|' + c.pass;
    })),
    score_values: count(results.map((r) => r.score)),
  };
}

const expected = {
  reader: "the tool's own results.json and its stats",
  promptfoo_version: manifest.version,
  repeat: isSmall ? 1 : 2,
  red_team: summary(evaluate('red-team', redTeam, isSmall ? [] : ['--repeat', '2'])),
  ordinary: summary(evaluate('ordinary', ordinary, [])),
};
fs.writeFileSync(path.join(out, 'expected.json'), JSON.stringify(expected, null, 1) + '\n');
// The database stands in the tool's own folder, with its log of recent changes beside it if there is one.
for (const name of ['promptfoo.db', 'promptfoo.db-wal']) {
  const file = path.join(home, name);
  if (fs.existsSync(file)) fs.copyFileSync(file, path.join(out, name));
}
console.log(JSON.stringify({ promptfoo: manifest.version, red_team: expected.red_team.stats_by_tool }));
