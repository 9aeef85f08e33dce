/** Wires the parts; what each does is in its own file. */
import { l10n, window, workspace, type Disposable, type ExtensionContext } from 'vscode';

import { coexistence } from './coexistence.ts';
import { registerCommands } from './commands.ts';
import { lineKeys } from './lines.ts';
import { offerModel } from './modelOffer.ts';
import { endAll } from './process.ts';
import { onInterpreter } from './python.ts';
import { Server } from './server.ts';
import { SECTION } from './settings.ts';
import { offerInstall } from './setup.ts';
import { awake } from './snooze.ts';
import { statusBar } from './statusBar.ts';
import { tickInstallation } from './walkthrough.ts';
import { translateWith } from './words.ts';

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
    translateWith(l10n.t);
    const log = window.createOutputChannel('copilot-lsp', { log: true });
    const started = (server = new Server(context, log));
    context.subscriptions.push(log, ...statusBar(), ...registerCommands(context, started, log), ...watch(started));
    context.subscriptions.push(awake, lineKeys(), tickInstallation(), coexistence(context), offerModel(context, started, log));
    await started.restart();
    void offerInstall(context, started);
    context.subscriptions.push(onInterpreter(() => void started.refresh()));
}

export async function deactivate(): Promise<void> {
    endAll();
    await server?.stop();
}

function watch(server: Server): Disposable[] {
    return [
        window.onDidChangeActiveTextEditor(() => server.focus()),
        workspace.onDidGrantWorkspaceTrust(() => void server.refresh()),
        workspace.onDidChangeConfiguration((event) => {
            if (event.affectsConfiguration(`${SECTION}.server`)) void server.restart();
        }),
        // Another window may have installed the server.
        window.onDidChangeWindowState(({ focused }) => focused && server.isMissing && void server.refresh()),
    ];
}
