// Opens the mirror in the directory named, in a process that does nothing else, and tells its parent what it cost.

import { openMirror } from './mirror.ts';

process.send?.(await openMirror(process.argv[2] ?? ''), () => process.disconnect());
