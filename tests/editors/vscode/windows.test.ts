/** Two windows on one folder. The last test of the shared window: the second one's server lives on for a while. */
import assert from 'node:assert/strict';

import { Editor } from './harness/editor.ts';
import { VALUES, works } from './harness/journey.ts';
import { DISCOUNT, TOTAL } from './harness/rules.ts';
import { newestRun, scenario } from './harness/world.ts';

scenario('two windows on one folder, each with its own server', async (world) => {
    const first = await newestRun(world);
    const page = await world.browser.newPage();
    const second = await Editor.open(page, world.server.url, world.editor.folder);
    const run = await newestRun(world, first);
    assert.notEqual(run.pid, first.pid);
    await second.file('second.py', VALUES);
    await second.type('total = ');
    await second.expectGhost(TOTAL);
    await works(world, 'first.py');
    await second.page.bringToFront();
    await second.keys('Alt+BracketRight');
    await second.expectGhost(DISCOUNT);
    await second.keys('Tab');
    await second.expectSaved('second.py', `${VALUES}total = ${DISCOUNT}`);
    await page.close();
    await world.editor.page.bringToFront();
    await works(world, 'first-again.py');
});
