/** When there is no server, or an older one than the extension carries: offers to install it. */
import { commands, window, type ExtensionContext, type LogOutputChannel } from 'vscode';

import { bundle } from './bundle.ts';
import { install, isCurrent } from './install.ts';
import { command } from './menu.ts';
import type { Server } from './server.ts';
import { SECTION, serverPath } from './settings.ts';
import { current } from './state.ts';
import { t } from './words.ts';

/** In the global state: the user does not want to be asked. The menu still offers the installation. */
const UNASKED = 'installation.unasked';

export async function offerInstall(context: ExtensionContext, server: Server): Promise<void> {
    if (current().phase === 'missing') await offerFirst(context);
    else if (server.found?.origin === 'installed' && !isCurrent(context)) await offerUpdate();
}

async function offerFirst(context: ExtensionContext): Promise<void> {
    if (context.globalState.get<boolean>(UNASKED)) return;
    const path = serverPath();
    const what = path ? t('There is no server at {0}.', path) : t('The server was not found.');
    const cost = t('The installation downloads Python packages, and Python if there is none. If no ready-made llama.cpp fits this machine, it compiles one.');
    const canInstall = bundle(context) !== undefined && !path;
    const [install, settings, never] = [t('Install'), t('Set Its Path'), t("Don't Ask Again")];
    const choices = canInstall ? [install, settings, never] : [settings, never];
    const choice = await window.showWarningMessage(`copilot-lsp: ${what} ${canInstall ? cost : ''}`, ...choices);
    if (choice === install) await commands.executeCommand(command.install);
    if (choice === never) await context.globalState.update(UNASKED, true);
    if (choice === settings) await commands.executeCommand('workbench.action.openSettings', `${SECTION}.server.path`);
}

async function offerUpdate(): Promise<void> {
    const text = t('copilot-lsp: this version of the extension includes a newer server. Until it is installed, the older one runs.');
    const update = t('Update');
    if ((await window.showInformationMessage(text, update)) === update) await commands.executeCommand(command.install);
}

/** Anew when it is installed already. An older server goes on meanwhile. */
export async function runInstall(context: ExtensionContext, server: Server, log: LogOutputChannel): Promise<void> {
    if (server.found?.origin === 'installed' && isCurrent(context)) await server.stop();
    await server.during(() => install(context, log));
    if (server.found?.origin === 'installed') void window.showInformationMessage(t('copilot-lsp: the server is installed.'));
}
