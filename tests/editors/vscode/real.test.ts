/** One journey with the real model; it must be on this machine. */
import { settled } from './harness/journey.ts';
import { decline } from './harness/offer.ts';
import { equals, until } from './harness/wait.ts';
import { fakeEngine, newestRun, picture, scenario, setArguments } from './harness/world.ts';

/** Away for the pictures, which show files of other tests otherwise. */
const SIDE_BAR = 'View: Toggle Primary Side Bar Visibility';

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
    const { editor, settings } = world;
    const fake = await newestRun(world);
    // What the model is not sure of is shown as well: this is not about what it knows.
    settings.set({ 'copilotLsp.completion.confidence': 0 });
    setArguments(world, []);
    await editor.command('copilot-lsp: Restart');
    const real = await newestRun(world, fake);
    await editor.command('View: Close All Editors');
    await editor.command(SIDE_BAR);
    await editor.file('rectangle.py', SOURCE);
    await editor.type(`${HEADER}\n`);
    await until('ghost text', async () => (await editor.ghost()).trim());
    const seen = await settled(editor, real);
    await picture(editor, 'real-ghost');
    await editor.keys('Tab');
    await equals('', async () => ((await editor.ghost()) === seen ? seen : ''));
    await decline(world, real);
    await editor.show('rectangle.py');
    await editor.openMenu('Why was nothing shown?');
    await picture(editor, 'real-menu');
    await editor.keys('Escape');
    await editor.expectSaved('rectangle.py', `${SOURCE}${HEADER}\n        ${seen}`);
    await editor.command(SIDE_BAR);
    settings.set({ 'copilotLsp.completion.confidence': 0.5 });
    setArguments(world, fakeEngine(world));
    await editor.command('copilot-lsp: Restart');
    await newestRun(world, real);
});
