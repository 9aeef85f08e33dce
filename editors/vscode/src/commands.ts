/** The commands of the palette and of the menu behind the status bar item. */
import { commands, ConfigurationTarget, env, version, window, workspace, type Disposable, type ExtensionContext, type LogOutputChannel, type Memento } from 'vscode';

import { diagnostics } from './diagnostics.ts';
import { command, entries } from './menu.ts';
import { offerCopy } from './copyOffer.ts';
import { chooseModel } from './modelMenu.ts';
import { pull } from './models.ts';
import { Cancelled, output } from './process.ts';
import { serverCommand, type ServerStatus } from './protocol.ts';
import { modelToPull } from './registry.ts';
import type { Server } from './server.ts';
import * as settings from './settings.ts';
import { runInstall } from './setup.ts';
import { snooze, wake } from './snooze.ts';
import { current } from './state.ts';
import { tune } from './tune.ts';
import { counts, latency, whyNothing as whyNothingText } from './view.ts';
import { openSample, openWalkthrough } from './walkthrough.ts';
import { t } from './words.ts';

export function registerCommands(context: ExtensionContext, server: Server, log: LogOutputChannel): Disposable[] {
    const handlers: Record<string, () => unknown> = {
        [command.menu]: menu,
        [command.toggle]: () => settings.toggleEnabled(),
        [command.toggleLanguage]: toggleLanguage,
        [command.toggleWorkspace]: toggleWorkspace,
        [command.toggleAutomatic]: () => settings.toggleAutomatic(),
        [command.snooze]: snooze,
        [command.wake]: wake,
        [command.pickModel]: () => (server.client ? chooseModel(server, context.globalState) : say(noServer())),
        [command.getModel]: () => getModel(server, context.globalState),
        [command.tune]: () => tune(server),
        [command.askRemote]: () => askRemote(server),
        [command.whyNothing]: () => whyNothing(server),
        [command.statistics]: () => statistics(server),
        [command.restart]: () => server.restart(),
        [command.install]: () => runInstall(context, server, log),
        [command.showLog]: () => log.show(),
        [command.copyDiagnostics]: () => copyDiagnostics(context, server),
        [command.openWalkthrough]: openWalkthrough,
        [command.openSample]: openSample,
        [command.openSettings]: () => commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`),
    };
    return Object.entries(handlers).map(([id, handler]) => commands.registerCommand(id, guarded(handler, log)));
}

const noServer = (): string => t('The server is not running.');

async function say(text: string): Promise<void> {
    await window.showInformationMessage(`copilot-lsp: ${text}`);
}

/** A command that fails says so. */
function guarded(handler: () => unknown, log: LogOutputChannel): () => Promise<void> {
    return async () => {
        try {
            await handler();
        } catch (error) {
            if (error instanceof Cancelled) return;
            const message = error instanceof Error ? error.message : String(error);
            log.error(message);
            if (await window.showErrorMessage(`copilot-lsp: ${message}`, t('Show log'))) log.show();
        }
    };
}

async function menu(): Promise<void> {
    const items = entries(current(), workspace.name !== undefined);
    const picked = await window.showQuickPick(items, { title: 'copilot-lsp' });
    if (picked) await commands.executeCommand(picked.command);
}

async function toggleLanguage(): Promise<void> {
    const { language } = current().here;
    if (language) await settings.toggleLanguage(language);
    else await say(t('Open a file of the language first.'));
}

async function toggleWorkspace(): Promise<void> {
    if (workspace.name === undefined) await say(t('No folder or workspace is open.'));
    else if (current().here.workspaceOff) await settings.forgetWorkspaceChoice();
    else await settings.setEnabled(false, ConfigurationTarget.Workspace);
}

/** The one that the server misses. */
async function getModel(server: Server, memory: Memento): Promise<void> {
    const model = modelToPull(current().status?.message ?? '');
    if (!server.client) return say(noServer());
    if (!model) return say(t('The server has the model it needs.'));
    await pull(server, model);
    await server.execute(serverCommand.restartEngine);
    await offerCopy(server, model, memory);
}

/** The server asks, and says what came of it. */
async function askRemote(server: Server): Promise<void> {
    const answer = await server.execute<{ message: string }>(serverCommand.askRemote);
    await say(answer?.message ?? noServer());
}

async function statistics(server: Server): Promise<void> {
    const status = await server.execute<ServerStatus>(serverCommand.status);
    if (!status?.statistics) return say(server.client ? t('There are no statistics yet.') : noServer());
    const lines = [counts(status.statistics), latency(status.statistics)].filter((line) => line !== '');
    await window.showInformationMessage(t('copilot-lsp, since the server started: {0}', lines.join('; ')));
}

async function copyDiagnostics(context: ExtensionContext, server: Server): Promise<void> {
    const { version: extension } = context.extension.packageJSON as { version: string };
    const versions = { extension, editor: version, platform: `${process.platform} ${process.arch}` };
    const doctor = server.found ? await output(server.found.command, ['doctor']).catch(String) : noServer();
    await env.clipboard.writeText(diagnostics(versions, current(), doctor));
    await say(t('Versions, state and the last reasons are in the clipboard; no code.'));
}

async function whyNothing(server: Server): Promise<void> {
    const status = await server.execute<ServerStatus>(serverCommand.status);
    const state = current();
    const text = whyNothingText({ ...state, status: status ?? state.status }, settings.editorSuggests());
    const choice = await window.showInformationMessage(`copilot-lsp: ${text}`, t('Show log'));
    if (choice) await commands.executeCommand(command.showLog);
}
