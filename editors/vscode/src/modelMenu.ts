/** The menu of models: what is here and what can be had; getting, copying, switching, removing. */
import { QuickPickItemKind, ThemeIcon, window, type Memento, type QuickInputButton, type QuickPickItem } from 'vscode';

import { isRemovable, rows, size, type Listing, type Model, type ModelRow } from './catalogue.ts';
import { offerCopy } from './copyOffer.ts';
import { listModels, makeCopy, pull, remove, use } from './models.ts';
import type { Server } from './server.ts';
import { t } from './words.ts';

type Item = QuickPickItem & { readonly model?: Model };

/** A model to use; one to copy; one to remove; or a file of the user's own. */
type Choice = { readonly use: Model } | { readonly copy: Model } | { readonly remove: Model } | 'file';

const BIN = new ThemeIcon('trash');
const FASTER = new ThemeIcon('zap');

/** `memory` has what was offered before. */
export async function chooseModel(server: Server, memory: Memento): Promise<void> {
    const choice = await pick(await listModels(server));
    if (choice === 'file') return pickFile(server);
    if (!choice) return;
    if ('use' in choice) return take(server, choice.use, memory);
    if ('copy' in choice) return makeCopy(server, choice.copy.name);
    if (await remove(server, choice.remove)) await chooseModel(server, memory);
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
        quick.onDidTriggerItemButton(({ item: { model }, button }) => {
            if (model) end(button.iconPath === FASTER ? { copy: model } : { remove: model });
        });
        quick.onDidHide(() => end(undefined));
        quick.show();
    });
}

function grouped(models: readonly ModelRow[]): Item[] {
    return models.flatMap(({ group, model, ...row }, index) => {
        const heading = { label: group, kind: QuickPickItemKind.Separator };
        const item = { ...row, model, buttons: buttons(model) };
        return group === models[index - 1]?.group ? [item] : [heading, item];
    });
}

function buttons(model: Model): QuickInputButton[] {
    const bin = { iconPath: BIN, tooltip: t('Remove {0} from this machine', model.name) };
    const faster = { iconPath: FASTER, tooltip: t('Make a faster copy (English comments only)') };
    return [...(model.trimmable ? [faster] : []), ...(isRemovable(model) ? [bin] : [])];
}

async function pickFile(server: Server): Promise<void> {
    const files = await window.showOpenDialog({ filters: { 'GGUF model': ['gguf'] }, title: t('A GGUF model') });
    if (files?.[0]) await use(server, files[0].fsPath);
}

/** Gets the model when it is not here, switches to it, and offers a copy of what was got. Raises Cancelled. */
export async function take(server: Server, model: Model, memory: Memento): Promise<void> {
    if (model.present) return use(server, model.name);
    if (model.notice && !(await agrees(model, model.notice))) return;
    await pull(server, model.name);
    await use(server, model.name);
    await offerCopy(server, model.name, memory);
}

async function agrees({ name, bytes, licence }: Model, notice: string): Promise<boolean> {
    const get = t('Get It');
    const detail = bytes ? t('Licence: {0}. Size: {1}.', licence, size(bytes)) : t('Licence: {0}.', licence);
    return (await window.showWarningMessage(`${name}: ${notice}`, { modal: true, detail }, get)) === get;
}
