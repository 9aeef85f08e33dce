/** Choosing a model, and getting one that is not on this machine yet. */
import { ProgressLocation, window, type LogOutputChannel } from 'vscode';

import { output, run } from './process.ts';
import { modelItems, type Model } from './registry.ts';
import * as settings from './settings.ts';

const OWN_FILE = '$(file) A GGUF file of your own ...';

/** `server`: the program that knows which models there are. */
export async function pickModel(server: string, log: LogOutputChannel): Promise<void> {
    const models = await list(server).catch((error: unknown) => {
        log.error(`The server does not list its models: ${String(error)}`);
        return [];
    });
    const items = [...modelItems(models, settings.model()), { label: OWN_FILE }];
    const picked = await window.showQuickPick(items, { placeHolder: 'Model that completes your code', matchOnDetail: true });
    if (!picked) return;
    if (picked.label === OWN_FILE) return pickFile();
    if ('model' in picked) {
        if (!picked.model.present) await pull(server, picked.model.name, log);
        await settings.setModel(picked.model.name);
    }
}

async function list(server: string): Promise<Model[]> {
    return JSON.parse(await output(server, ['models', 'list', '--json'])) as Model[];
}

async function pickFile(): Promise<void> {
    const files = await window.showOpenDialog({ filters: { 'GGUF model': ['gguf'] }, title: 'A GGUF model' });
    if (files?.[0]) await settings.setModel(files[0].fsPath);
}

export async function pull(server: string, model: string, log: LogOutputChannel): Promise<void> {
    const title = `copilot-lsp: getting the model ${model}`;
    await window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (progress, token) => {
        const onLine = (message: string) => {
            log.info(message);
            progress.report({ message });
        };
        return run(server, ['models', 'pull', model], onLine, token);
    });
}
