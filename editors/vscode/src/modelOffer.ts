/** Offers a better model, once, to somebody who has seen the one that came along at work. */
import { commands, window, type Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';

import { modelToOffer, NEVER, offerText } from './catalogue.ts';
import { command } from './menu.ts';
import { take } from './modelMenu.ts';
import { listModels } from './models.ts';
import { Cancelled } from './process.ts';
import { serverCommand } from './protocol.ts';
import type { Server } from './server.ts';
import { current, onDidChangeState } from './state.ts';
import { t } from './words.ts';

/** In the global state: the model that was offered last, or NEVER. */
const OFFERED = 'model.offered';

export function offerModel(context: ExtensionContext, server: Server, log: LogOutputChannel): Disposable {
    const listener = onDidChangeState(() => {
        const { phase, status } = current();
        if (phase !== 'running' || status?.state !== 'ready' || status.lastLatencyMs === null) return;
        listener.dispose();
        offer(context, server).catch((error: unknown) => {
            if (!(error instanceof Cancelled)) void window.showErrorMessage(`copilot-lsp: ${messageOf(error)}`);
            log.warn(`The offer of a model: ${messageOf(error)}`);
        });
    });
    return listener;
}

async function offer(context: ExtensionContext, server: Server): Promise<void> {
    if (!server.offers(serverCommand.listModels)) return;
    const model = modelToOffer(await listModels(server), current().status?.model ?? '', context.globalState.get<string>(OFFERED));
    if (!model) return;
    await context.globalState.update(OFFERED, model.name);
    const [get, all, never] = [model.present ? t('Use It') : t('Get It'), t('All Models'), t("Don't Ask Again")];
    const choice = await window.showInformationMessage(`copilot-lsp: ${offerText(model)}`, get, all, never);
    if (choice === get) await take(server, model, context.globalState);
    if (choice === all) await commands.executeCommand(command.pickModel);
    if (choice === never) await context.globalState.update(OFFERED, NEVER);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
