/** From nothing to an accepted completion: a clean profile, the extension for this platform; no Python, no compiler. */
import * as fs from 'node:fs';
import * as path from 'node:path';

import { until } from './harness/wait.ts';
import { picture, place, scenario } from './harness/world.ts';

const SAMPLE = path.join(import.meta.dirname, '..', '..', '..', 'examples', 'grid.py');
/** Above it the same is done again: the model is sure of what follows. */
const CONDITION = '        if not (0 <= x < self.width and 0 <= y < self.height):';
const INSTALL_MS = 600_000;

/** What a user need not have. */
const ABSENT = /^((.*-)?(gcc|g\+\+|cc|c\+\+|c[89]9|cpp|clang|ld|as)([-.].*)?|make|gmake|cmake|ninja|(python|pip|uv).*)$/;

const clean = place({
    extensions: [],
    env: ({ root }) => ({ HOME: root, XDG_CACHE_HOME: path.join(root, 'cache'), PATH: programs(root), CC: 'none', CXX: 'none' }),
    settings: () => ({ user: {}, machine: {} }),
    vsix: 'COPILOT_LSP_VSIX_COMPLETE',
});

/** A folder with the system's programs but `ABSENT`. */
function programs(root: string): string {
    const folder = path.join(root, 'programs');
    fs.mkdirSync(folder);
    const present = fs.readdirSync('/usr/bin').filter((name) => !ABSENT.test(name));
    for (const name of present) fs.symlinkSync(path.join('/usr/bin', name), path.join(folder, name));
    return folder;
}

scenario('from nothing to an accepted completion', async (world) => {
    const { editor } = world;
    await editor.untilNotified('The server was not found');
    const started = Date.now();
    await editor.press('Install');
    await editor.untilNotified('the server is installed', INSTALL_MS);
    const installed = Date.now();
    await editor.command('Notifications: Clear All Notifications');
    const text = `${fs.readFileSync(SAMPLE, 'utf8').trimEnd()}\n${CONDITION}\n            `;
    await editor.file('grid.py', text);
    await editor.type('raise ');
    await until('ghost text', async () => (await editor.ghost()).startsWith('IndexError'), INSTALL_MS);
    await picture(editor, 'clean-ghost');
    const [line] = (await editor.ghost()).split('\n');
    await editor.keys('Tab', 'Control+s');
    const saved = () => fs.readFileSync(path.join(editor.folder, 'grid.py'), 'utf8');
    await until('what was shown, in the file', () => saved().startsWith(`${text}raise ${line}`));
    say(started, installed);
}, clean);

function say(started: number, installed: number): void {
    const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(0);
    console.log(`VS Code: installed in ${seconds(started, installed)} s, completed and accepted after ${seconds(started, Date.now())} s`);
}
