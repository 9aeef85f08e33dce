/** First steps, and the languages of the extension's own texts. */
import { until } from './harness/wait.ts';
import { newestRun, picture, place, scenario } from './harness/world.ts';

const german = place({
    extensions: [],
    env: () => ({}),
    settings: ({ program }) => ({ user: {}, machine: { 'copilotLsp.server.path': program } }),
    locale: 'de',
});

scenario('the first steps open a sample file that completes', async (world) => {
    const { editor } = world;
    await newestRun(world);
    await editor.command('copilot-lsp: First Steps');
    const steps = editor.page.locator('.gettingStartedContainer');
    await until('the first step is done', async () => (await steps.locator('.codicon.complete').count()) > 0);
    await steps.getByText('See a completion').first().click();
    await picture(editor, 'first-steps');
    await steps.getByRole('button', { name: 'Open the sample file' }).click();
    await editor.page.locator('.tab.active', { hasText: 'A sample' }).waitFor();
    await editor.expectGhost('return 2 * (self.width + self.height)');
    await editor.keys('Tab');
    await editor.expectGhost('');
    await editor.command('View: Revert and Close Editor');
    await editor.command('View: Close All Editors');
});

scenario('menu and palette are in German where VS Code is', async (world) => {
    const { editor } = world;
    await newestRun(world);
    await editor.file('deutsch.py', '# deutsch\n');
    await editor.openMenu('Für python ausschalten');
    await picture(editor, 'german');
    await editor.keys('Escape');
    await until('the command in the palette', async () => {
        await editor.keys('F1');
        await editor.page.locator('.quick-input-widget input').fill('>Protokoll');
        const rows = editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Protokoll anzeigen' });
        return rows.first().waitFor({ timeout: 5000 }).then(() => true, () => false);
    });
    await editor.keys('Escape');
}, german);
