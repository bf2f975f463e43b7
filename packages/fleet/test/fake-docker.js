// Stands in for the docker command: notes each call in a file, and answers from another. Run as
// `node fake-docker.js <answers.json> <calls.txt> <arguments of docker …>`.

import { appendFileSync, readFileSync } from 'node:fs';

const [answersPath, callsPath, ...args] = process.argv.slice(2);
const call = args.join(' ');
appendFileSync(callsPath, `${call}\n`);
const answers = JSON.parse(readFileSync(answersPath, 'utf8'));
const found = Object.keys(answers).find((beginning) => call.startsWith(beginning));
const { out = '', err = '', code = 0 } = found === undefined ? {} : answers[found];
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;
