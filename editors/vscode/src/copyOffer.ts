/** Offers a quicker copy of a model that was just got: once for each model. */
import { window, type Memento } from 'vscode';

import { isCopyOffered, NEVER } from './catalogue.ts';
import { listModels, makeCopy } from './models.ts';
import { serverCommand } from './protocol.ts';
import type { Server } from './server.ts';
import { t } from './words.ts';

/** In the global state: the models that a copy of was offered, or NEVER. */
const OFFERED = 'copy.offered';

/** Raises Cancelled. */
export async function offerCopy(server: Server, name: string, memory: Memento): Promise<void> {
    const offered = memory.get<string[]>(OFFERED, []);
    if (!server.offers(serverCommand.trimModel) || !isCopyOffered(await listModels(server), name, offered)) return;
    await memory.update(OFFERED, [...offered, name]);
    const [make, never] = [t('Make a Copy'), t("Don't Ask Again")];
    const text = t('Make a faster copy of {0}? It suits code with English comments only, and takes a few minutes. The original stays.', name);
    const choice = await window.showInformationMessage(`copilot-lsp: ${text}`, make, never);
    if (choice === make) await makeCopy(server, name);
    if (choice === never) await memory.update(OFFERED, [NEVER]);
}
