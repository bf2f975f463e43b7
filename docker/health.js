// Asks the daemon of this container, through its admin socket, whether it can do its work (ADMIN.md, /readyz).
// Containers of other roles have no such socket, and no health check.

import { request } from 'node:http';

const socketPath = process.argv[2] ?? '/srv/vauban/admin.sock';

const asked = request({ socketPath, path: '/readyz', headers: { host: 'localhost' }, timeout: 4_000 }, (answer) => {
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (more) => {
    text += more;
  });
  answer.on('end', () => end(answer.statusCode === 200 ? 0 : 1, text.trim()));
});
asked.on('timeout', () => asked.destroy(new Error('no answer within four seconds')));
asked.on('error', (error) => end(1, error.message));
asked.end();

function end(status, text) {
  console.log(text);
  process.exit(status);
}
