/** What is done with models: listed, got, copied, switched to, removed. Each raises an Error whose text is for the user. */
import { ProgressLocation, window } from 'vscode';

import { size, type Listing, type Model, type Refusal } from './catalogue.ts';
import { Cancelled } from './process.ts';
import { serverCommand } from './protocol.ts';
import type { Server } from './server.ts';
import * as settings from './settings.ts';
import { t } from './words.ts';
import { execute } from './workDone.ts';

export async function listModels(server: Server): Promise<Listing> {
    if (!server.offers(serverCommand.listModels)) throw new Error(t('This server is too old to manage models: update it.'));
    return demand(await server.execute<Listing | Refusal>(serverCommand.listModels));
}

/** What is there of a cancelled download stays, for the next one. Raises Cancelled. */
export async function pull(server: Server, name: string): Promise<void> {
    await work(server, serverCommand.pullModel, name, t('copilot-lsp: getting the model {0}', name));
}

/** Makes a quicker copy, and switches to it. Raises Cancelled. */
export async function makeCopy(server: Server, name: string): Promise<void> {
    const title = t('copilot-lsp: making a faster copy of {0}', name);
    const copy = await work<{ ok: true; name: string }>(server, serverCommand.trimModel, name, title);
    await use(server, copy.name);
}

/** A command of the server's that takes minutes. Raises Cancelled. */
async function work<T extends { ok: true }>(server: Server, command: string, name: string, title: string): Promise<T> {
    const { client } = server;
    if (!client) throw new Error(t('The server is not running.'));
    const where = { location: ProgressLocation.Notification, title, cancellable: true };
    const answer = await window.withProgress(where, (progress, token) =>
        execute<T | Refusal>(client, command, { name }, progress, token),
    );
    if (!answer.ok && answer.cancelled) throw new Cancelled();
    return demand(answer);
}

/** `name`: or a path. A setting would win over the file that the server writes: then it is the setting that is changed. */
export async function use(server: Server, name: string): Promise<void> {
    if (settings.choosesModel()) return settings.setModel(name);
    const { message } = demand(await server.execute<{ ok: true; message: string } | Refusal>(serverCommand.useModel, { name }));
    void window.showInformationMessage(`copilot-lsp: ${message}`);
}

export async function remove(server: Server, { name, bytes }: Model): Promise<boolean> {
    const yes = t('Remove');
    const text = t('Remove the model {0} ({1}) from this machine?', name, size(bytes));
    if ((await window.showWarningMessage(text, { modal: true }, yes)) !== yes) return false;
    demand(await server.execute<{ ok: true } | Refusal>(serverCommand.removeModel, { name }));
    return true;
}

/** Raises an Error whose text is for the user. */
function demand<T extends { readonly ok: true }>(answer: T | Refusal | undefined): T {
    if (answer?.ok) return answer;
    throw new Error(answer?.message ?? t('The server is not running.'));
}
