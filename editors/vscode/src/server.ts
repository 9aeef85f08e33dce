/** The server: found, started, stopped; one change at a time. */
import * as path from 'node:path';
import { commands, window, type ExtensionContext, type LogOutputChannel } from 'vscode';

import { startClient, type Running } from './client.ts';
import { activeDocument } from './documents.ts';
import { isFile } from './files.ts';
import { installations } from './install.ts';
import { locate, type Found } from './locate.ts';
import { command } from './menu.ts';
import { method, tell } from './protocol.ts';
import { activeInterpreter } from './python.ts';
import { nextRestart } from './restarts.ts';
import { serverPath } from './settings.ts';
import { update } from './state.ts';
import { phaseAfterSearch } from './view.ts';
import { enter } from './windows.ts';
import { t } from './words.ts';

export class Server {
    private readonly context: ExtensionContext;
    private readonly log: LogOutputChannel;
    private running: Running | undefined;
    private where: Found | undefined;
    /** When it ended by itself; a new list, and what was planned for the old one is forgotten. */
    private ends: readonly number[] = [];
    /** Under way in this window. */
    private installations = 0;
    private leave: () => void = () => undefined;
    private last: Promise<unknown> = Promise.resolve();

    constructor(context: ExtensionContext, log: LogOutputChannel) {
        this.context = context;
        this.log = log;
    }

    get client() {
        return this.running?.client;
    }

    /** Where the running server is. */
    get found() {
        return this.where;
    }

    get isMissing() {
        return this.where === undefined;
    }

    restart(): Promise<void> {
        this.ends = [];
        return this.inTurn(() => this.startAgain());
    }

    /** Restarts when another server than the running one would be found now. */
    refresh(): Promise<void> {
        return this.inTurn(async () => {
            const found = await this.find();
            if (found && found.command === this.where?.command) return;
            await this.startAgain();
        });
    }

    /** Runs `install`, then the server that is there; an older one goes on meanwhile. */
    async during(install: () => Promise<void>): Promise<void> {
        this.installations += 1;
        if (!this.client) update({ phase: 'installing' });
        try {
            await install();
        } finally {
            this.installations -= 1;
            await this.restart();
        }
    }

    stop(): Promise<void> {
        this.ends = [];
        return this.inTurn(() => this.end());
    }

    /** A command of the server's; undefined while none runs. */
    async execute<T>(command: string, argument?: object): Promise<T | undefined> {
        const params = { command, arguments: argument ? [argument] : [] };
        return this.client?.sendRequest<T>('workspace/executeCommand', params);
    }

    /** The server that runs has this command. */
    offers(command: string): boolean {
        const provider = this.client?.initializeResult?.capabilities.executeCommandProvider;
        return provider?.commands.includes(command) ?? false;
    }

    /** Tells of the document that the user looks at, if it is one of the server's. */
    focus(): void {
        if (!this.client) return;
        const document = activeDocument();
        const { asTextDocumentIdentifier } = this.client.code2ProtocolConverter;
        tell(this.client, method.didFocus, document ? { textDocument: asTextDocumentIdentifier(document) } : {});
    }

    private inTurn<T>(action: () => Promise<T>): Promise<T> {
        const result = this.last.then(action);
        this.last = result.catch(() => undefined);
        return result;
    }

    private async find(): Promise<Found | undefined> {
        const [setting, installed, path] = [serverPath(), installations(this.context), process.env['PATH'] ?? ''];
        const places = { setting, path, installed, platform: process.platform };
        const elsewhere = locate({ ...places, python: undefined }, isFile);
        if (setting) return elsewhere;
        const python = await activeInterpreter({ start: elsewhere === undefined });
        return locate({ ...places, python }, isFile);
    }

    private async startAgain(): Promise<void> {
        await this.end();
        const found = await this.find();
        this.where = found;
        update({ phase: phaseAfterSearch(found !== undefined, this.installations), status: undefined, percent: undefined });
        if (found) await this.begin(found);
        else this.log.warn(serverPath() ? `There is no server at ${serverPath()}.` : 'No server was found.');
    }

    private async begin({ command, origin }: Found): Promise<void> {
        this.log.info(`Starting ${command} (${origin}).`);
        if (origin === 'installed') this.leave = enter(path.dirname(path.dirname(command)));
        try {
            this.running = await startClient(command, this.log, () => this.ended());
            update({ phase: 'running' });
            this.focus();
        } catch (error) {
            this.log.error(`The server did not start: ${String(error)}`);
            this.ended();
        }
    }

    private async end(): Promise<void> {
        const running = this.running;
        this.running = undefined;
        await running?.stop().catch((error: unknown) => this.log.debug('The server did not stop cleanly.', String(error)));
        this.leave();
    }

    /** By itself: it is started again, but not for ever. */
    private ended(): void {
        const { ends, delay } = nextRestart(this.ends, Date.now());
        this.ends = ends;
        if (delay === undefined) {
            update({ phase: 'stopped', status: undefined });
            void offer(t('The completion server has stopped.'), { [t('Restart')]: command.restart, [t('Show log')]: command.showLog });
            return;
        }
        update({ phase: 'starting', status: undefined, percent: undefined });
        setTimeout(() => {
            if (this.ends === ends) void this.inTurn(() => this.startAgain());
        }, delay);
    }
}

async function offer(message: string, choices: Record<string, string>): Promise<void> {
    const choice = await window.showErrorMessage(`copilot-lsp: ${message}`, ...Object.keys(choices));
    if (choice) await commands.executeCommand(choices[choice] ?? '');
}
