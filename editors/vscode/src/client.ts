/** The language client of one run of the server. */
import type * as stream from 'node:stream';
import { createInterface } from 'node:readline';
import type { LogOutputChannel } from 'vscode';
import {
    CloseAction,
    DidChangeConfigurationNotification,
    ErrorAction,
    LanguageClient,
    TransportKind,
    type LanguageClientOptions,
    type Middleware,
    type StaticFeature,
} from 'vscode-languageclient/node';

import { DOCUMENTS } from './documents.ts';
import { InlineCompletions } from './inline.ts';
import { showMessages } from './messages.ts';
import { method, type ServerStatus } from './protocol.ts';
import { SECTION, serverArguments, serverOptions } from './settings.ts';
import { update } from './state.ts';
import { isOfCommand } from './workDone.ts';

/** Messages in a row that cannot be read or written before the connection is given up. */
const ERRORS_BORNE = 3;

export interface Running {
    readonly client: LanguageClient;
    stop(): Promise<void>;
}

/** `onEnd`: it ended by itself after it had started. Rejects when the server does not start. */
export async function startClient(command: string, log: LogOutputChannel, onEnd: () => void): Promise<Running> {
    const server = { command, args: ['serve', ...serverArguments()], transport: TransportKind.stdio };
    let started = false;
    // The provider needs the client, whose options name the provider.
    let completions: InlineCompletions;
    const middleware: Middleware = {
        provideInlineCompletionItems: (...request) => completions.provide(...request),
        handleWorkDoneProgress: (token, progress, next) => {
            if (isOfCommand(token)) next(token, progress);
            else update({ percent: progress.kind === 'report' ? progress.percentage : undefined });
        },
        workspace: {
            configuration: (params) => params.items.map(() => serverOptions()),
            didChangeConfiguration: () =>
                client.sendNotification(DidChangeConfigurationNotification.type, { settings: { [SECTION]: serverOptions() } }),
        },
    };
    const client = new QuietClient(SECTION, 'copilot-lsp', server, options(log, middleware, () => started && onEnd()));
    completions = new InlineCompletions(client);
    showMessages(client);
    client.registerFeature(ASKS_FOR_STATUS);
    client.onNotification(method.didChangeStatus, (status: ServerStatus) => update({ status }));
    try {
        await client.start();
    } catch (error) {
        completions.dispose();
        throw error;
    }
    started = true;
    const stop = async () => {
        completions.dispose();
        await client.dispose();
    };
    return { client, stop };
}

/** A server may not send a client notifications that the protocol does not have, unless it knows them. */
const ASKS_FOR_STATUS: StaticFeature = {
    fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { ...(capabilities.experimental as object), [method.didChangeStatus]: true };
    },
    initialize: () => undefined,
    getState: () => ({ kind: 'static' }),
    clear: () => undefined,
};

/** What goes wrong is in the log, in a line; what the user is to do about it, the extension says itself. */
class QuietClient extends LanguageClient {
    override error(message: string, data?: unknown): void {
        super.error(message, undefined, false);
        if (data !== undefined) this.debug(message, data);
    }
}

function options(log: LogOutputChannel, middleware: Middleware, onClosed: () => void): LanguageClientOptions {
    const toLog = (input: stream.Readable) => void createInterface(input).on('line', (line) => log.info(line));
    return {
        documentSelector: DOCUMENTS,
        outputChannel: log,
        stdioOptions: { stdout: toLog, stderr: toLog },
        initializationOptions: serverOptions,
        initializationFailedHandler: () => false,
        errorHandler: {
            error: (_error, _message, count) => ({
                action: (count ?? 0) <= ERRORS_BORNE ? ErrorAction.Continue : ErrorAction.Shutdown,
            }),
            // A client that restarts by itself stumbles over a server that does not come up.
            closed: () => {
                onClosed();
                return { action: CloseAction.DoNotRestart, handled: true };
            },
        },
        middleware,
    };
}
