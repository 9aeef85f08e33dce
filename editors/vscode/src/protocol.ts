/** What copilot-lsp adds to the Language Server Protocol, as it is on the wire. */
import type { LanguageClient } from 'vscode-languageclient/node';

/** `state` is the engine's (`stopped`, `starting`, `ready`, `restarting`, `failed`), or `disabled`. */
export interface ServerStatus {
    readonly kind: 'Normal' | 'Warning' | 'Error' | 'Inactive';
    readonly busy: boolean;
    readonly message: string;
    readonly state: string;
    readonly model: string;
    readonly safeMode: boolean;
    /** Windows that use the engine, this one too; 0: it is this window's own. Older servers do not send it. */
    readonly sharedBy?: number | undefined;
    /** Why the engine is this window's own; '' where it is shared or remote. Older servers do not send it. */
    readonly notShared?: string | undefined;
    /** Hosts that the user has neither allowed nor declined. Older servers do not send it. */
    readonly waitingHosts?: readonly string[] | undefined;
    readonly lastLatencyMs: number | null;
    readonly lastSilence: Silence | null;
    /** What is known of other files. Older servers do not send it. */
    readonly index?: IndexStatus | undefined;
    /** Older servers do not send it. */
    readonly statistics?: Statistics | undefined;
}

/** The index of other files; `message` says in words what it holds, or why it holds nothing. */
export interface IndexStatus {
    readonly state: 'off' | 'indexing' | 'ready' | 'failed';
    readonly message: string;
}

/** Since the server started; latencies are in milliseconds, null before the first completion. */
export interface Statistics {
    readonly offered: number;
    readonly shown: number;
    readonly accepted: number;
    readonly partiallyAccepted: number;
    readonly savedKeys: number;
    readonly latencyP50Ms: number | null;
    readonly latencyP95Ms: number | null;
}

/** Why the last request for this document showed nothing: a stable identifier, and words for people. */
export interface Silence {
    readonly uri: string;
    readonly reason: string;
    readonly message: string;
}

export const method = {
    didChangeStatus: 'didChangeStatus',
    didFocus: 'textDocument/didFocus',
    didShow: 'textDocument/didShowCompletion',
    didPartiallyAccept: 'textDocument/didPartiallyAcceptCompletion',
} as const;

/** Commands that the server registers; the language client makes VS Code commands of them. */
export const serverCommand = {
    restartEngine: 'copilotLsp.restartEngine',
    status: 'copilotLsp.status',
    listModels: 'copilotLsp.models.list',
    pullModel: 'copilotLsp.models.pull',
    trimModel: 'copilotLsp.models.trim',
    useModel: 'copilotLsp.models.use',
    removeModel: 'copilotLsp.models.remove',
    askRemote: 'copilotLsp.remote.ask',
} as const;

/** A notification that nobody misses when the server has just ended. */
export function tell(client: LanguageClient, method: string, params: object): void {
    client.sendNotification(method, params).catch(() => undefined);
}
