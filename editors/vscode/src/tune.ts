/** `copilot-lsp tune` in a terminal: it shows its progress there, and Ctrl+C stops it. */
import { ProcessExecution, Task, tasks, TaskScope } from 'vscode';

import type { Server } from './server.ts';
import { t } from './words.ts';

/** What was measured counts from the server's next start, which follows at once. */
export async function tune(server: Server): Promise<void> {
    if (!server.found) throw new Error(t('The server is not running.'));
    const run = new ProcessExecution(server.found.command, ['tune']);
    const task = new Task({ type: 'process' }, TaskScope.Workspace, 'tune', 'copilot-lsp', run, []);
    const execution = await tasks.executeTask(task);
    const listener = tasks.onDidEndTaskProcess(({ execution: ended, exitCode }) => {
        if (ended !== execution) return;
        listener.dispose();
        if (exitCode === 0) void server.restart();
    });
}
