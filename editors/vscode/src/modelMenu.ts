/** The menu of models: what is here and what can be had; getting, switching, removing. */
import { ProgressLocation, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';

import { isRemovable, rows, size, type Listing, type Model, type ModelRow, type Refusal } from './catalogue.ts';
import { Cancelled } from './process.ts';
import { serverCommand } from './protocol.ts';
import type { Server } from './server.ts';
import * as settings from './settings.ts';
import { t } from './words.ts';
import { execute } from './workDone.ts';

type Item = QuickPickItem & { readonly model?: Model };

/** A model to use; one to remove; or a file of the user's own. */
type Choice = { readonly use: Model } | { readonly remove: Model } | 'file';

export async function chooseModel(server: Server): Promise<void> {
    const choice = await pick(await listModels(server));
    if (choice === 'file') return pickFile(server);
    if (!choice) return;
    if ('use' in choice) return take(server, choice.use);
    if (await remove(server, choice.remove)) await chooseModel(server);
}

export async function listModels(server: Server): Promise<Listing> {
    if (!server.offers(serverCommand.listModels)) throw new Error(t('This server is too old to manage models: update it.'));
    return demand(await server.execute<Listing | Refusal>(serverCommand.listModels));
}

function pick(listing: Listing): Promise<Choice | undefined> {
    const quick = window.createQuickPick<Item>();
    quick.title = t('Model that completes your code');
    quick.matchOnDescription = quick.matchOnDetail = true;
    quick.items = [...grouped(rows(listing)), { label: `$(file) ${t('A GGUF file of your own ...')}` }];
    return new Promise((resolve) => {
        const end = (choice: Choice | undefined) => {
            resolve(choice);
            quick.dispose();
        };
        quick.onDidAccept(() => {
            const [item] = quick.selectedItems;
            end(item?.model ? { use: item.model } : item && 'file');
        });
        quick.onDidTriggerItemButton(({ item: { model } }) => model && end({ remove: model }));
        quick.onDidHide(() => end(undefined));
        quick.show();
    });
}

function grouped(models: readonly ModelRow[]): Item[] {
    return models.flatMap(({ group, model, ...row }, index) => {
        const heading = { label: group, kind: QuickPickItemKind.Separator };
        const bin = { iconPath: new ThemeIcon('trash'), tooltip: t('Remove {0} from this machine', model.name) };
        const item = { ...row, model, buttons: isRemovable(model) ? [bin] : [] };
        return group === models[index - 1]?.group ? [item] : [heading, item];
    });
}

async function pickFile(server: Server): Promise<void> {
    const files = await window.showOpenDialog({ filters: { 'GGUF model': ['gguf'] }, title: t('A GGUF model') });
    if (files?.[0]) await use(server, files[0].fsPath);
}

/** Gets the model when it is not here, and switches to it. Raises Cancelled. */
export async function take(server: Server, model: Model): Promise<void> {
    if (!model.present) {
        if (model.notice && !(await agrees(model, model.notice))) return;
        await pull(server, model.name);
    }
    await use(server, model.name);
}

async function agrees({ name, bytes, licence }: Model, notice: string): Promise<boolean> {
    const get = t('Get It');
    const detail = bytes ? t('Licence: {0}. Size: {1}.', licence, size(bytes)) : t('Licence: {0}.', licence);
    return (await window.showWarningMessage(`${name}: ${notice}`, { modal: true, detail }, get)) === get;
}

/** What is there of a cancelled download stays, for the next one. Raises Cancelled. */
export async function pull(server: Server, name: string): Promise<void> {
    const { client } = server;
    if (!client) throw new Error(t('The server is not running.'));
    const title = t('copilot-lsp: getting the model {0}', name);
    const where = { location: ProgressLocation.Notification, title, cancellable: true };
    const answer = await window.withProgress(where, (progress, token) =>
        execute<{ ok: true } | Refusal>(client, serverCommand.pullModel, { name }, progress, token),
    );
    if (!answer.ok && answer.cancelled) throw new Cancelled();
    demand(answer);
}

/** `name`: or a path. A setting would win over the file that the server writes: then it is the setting that is changed. */
async function use(server: Server, name: string): Promise<void> {
    if (settings.choosesModel()) return settings.setModel(name);
    const { message } = demand(await server.execute<{ ok: true; message: string } | Refusal>(serverCommand.useModel, { name }));
    void window.showInformationMessage(`copilot-lsp: ${message}`);
}

async function remove(server: Server, { name, bytes }: Model): Promise<boolean> {
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
