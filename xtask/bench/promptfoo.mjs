// Times promptfoo's own readers:
//
//     node xtask/bench/promptfoo.mjs RESULTS_JSON NODE_MODULES_FOLDER
//
// Prints CPU seconds: of JavaScript's own parser over the whole file, and of `promptfoo import`,
// which brings the file into the tool's database, less the start of the command.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const [file, modules] = process.argv.slice(2);
const tool = path.join(modules, 'promptfoo');
const manifest = JSON.parse(fs.readFileSync(path.join(tool, 'package.json'), 'utf8'));
const command = path.join(tool, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin.promptfoo);

const seconds = ({ user, system }) => (user + system) / 1e6;
const before = process.cpuUsage();
const results = JSON.parse(fs.readFileSync(file, 'utf8')).results.results;
console.log(`measured ${seconds(process.cpuUsage(before)).toFixed(3)} JSON.parse, ${results.length} results,`);

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'promptfoo-'));
const environment = {
  ...process.env,
  PROMPTFOO_CONFIG_DIR: home,
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  NO_COLOR: '1',
};
const report = 'const u = process.cpuUsage(); process.stderr.write(`\\ncpu ${u.user + u.system}\\n`);';
const hook = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => { ${report} })`)}`;

function cpu(...args) {
  const done = spawnSync(process.execPath, ['--import', hook, command, ...args], { env: environment, encoding: 'utf8' });
  const micros = /^cpu (\d+)$/m.exec(done.stderr);
  if (done.status !== 0 || !micros) {
    console.error(done.stdout, done.stderr);
    throw new Error(`promptfoo ${args[0]} ended with ${done.status}`);
  }
  return Number(micros[1]) / 1e6;
}

// The first command makes the database.
cpu('list', 'evals');
const start = cpu('list', 'evals');
const whole = cpu('import', file);
fs.rmSync(home, { recursive: true });
console.log(`measured ${(whole - start).toFixed(3)} promptfoo import (less ${start.toFixed(2)} s of start)`);
