/** One journey with the real model; it must be on this machine. */
import assert from 'node:assert/strict';

import { equals, until } from './harness/wait.ts';
import { fakeEngine, newestRun, picture, scenario, setArguments } from './harness/world.ts';

const FIRST_MS = 60_000;

const SOURCE = `from dataclasses import dataclass


@dataclass
class Rectangle:
    width: float
    height: float

    def area(self) -> float:
        return self.width * self.height

`;

const HEADER = '    def perimeter(self) -> float:';

scenario('the default model: typed, seen, taken, on disk as seen', async (world) => {
    const { editor } = world;
    const fake = await newestRun(world);
    setArguments(world, []);
    await editor.command('copilot-lsp: Restart');
    await newestRun(world, fake);
    await editor.command('View: Close All Editors');
    await editor.file('rectangle.py', SOURCE);
    await editor.type(`${HEADER}\n`);
    const seen = await settled(() => editor.ghost());
    await picture(editor, 'real-ghost');
    assert.ok(seen.trim(), 'the model wrote something');
    await editor.keys('Tab');
    await equals('', async () => ((await editor.ghost()) === seen ? seen : ''));
    await editor.openMenu();
    await picture(editor, 'real-menu');
    await editor.keys('Escape');
    await editor.expectSaved('rectangle.py', `${SOURCE}${HEADER}\n        ${seen}`);
    const real = await newestRun(world);
    setArguments(world, fakeEngine(world));
    await editor.command('copilot-lsp: Restart');
    await newestRun(world, real);
});

/** Ghost text that stays the same for two seconds. */
async function settled(ghost: () => Promise<string>): Promise<string> {
    let [last, since] = ['', Date.now()];
    return until('ghost text', async () => {
        const text = await ghost();
        if (text !== last) [last, since] = [text, Date.now()];
        return text.trim() && Date.now() - since > 2000 ? text : undefined;
    }, FIRST_MS);
}
