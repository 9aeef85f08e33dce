/** The entries of the menu behind the status bar item. Pure. */
import { modelToPull } from './registry.ts';
import { capitalised, counts, type State } from './view.ts';
import { t } from './words.ts';

export const command = {
    menu: 'copilotLsp.menu',
    toggle: 'copilotLsp.toggle',
    toggleLanguage: 'copilotLsp.toggleLanguage',
    toggleWorkspace: 'copilotLsp.toggleWorkspace',
    toggleAutomatic: 'copilotLsp.toggleAutomatic',
    snooze: 'copilotLsp.snooze',
    wake: 'copilotLsp.endSnooze',
    pickModel: 'copilotLsp.pickModel',
    getModel: 'copilotLsp.getModel',
    tune: 'copilotLsp.tune',
    askRemote: 'copilotLsp.askRemote',
    whyNothing: 'copilotLsp.whyNothing',
    statistics: 'copilotLsp.statistics',
    restart: 'copilotLsp.restart',
    install: 'copilotLsp.installServer',
    showLog: 'copilotLsp.showLog',
    copyDiagnostics: 'copilotLsp.copyDiagnostics',
    openSettings: 'copilotLsp.openSettings',
    openWalkthrough: 'copilotLsp.openWalkthrough',
    openSample: 'copilotLsp.openSample',
    acceptLine: 'copilotLsp.acceptLine',
    dismiss: 'copilotLsp.dismiss',
} as const;

export interface Entry {
    readonly label: string;
    readonly description?: string;
    readonly command: string;
}

export function entries(state: State, hasWorkspace: boolean): Entry[] {
    const missing = state.phase === 'missing';
    const running = state.phase === 'running' || state.phase === 'starting';
    return [
        ...(missing ? [{ label: `$(cloud-download) ${t('Install the server')}`, command: command.install }] : []),
        ...(missing ? [] : switches(state, hasWorkspace)),
        ...(running ? [...pauses(state), ...ofServer(state)] : []),
        ...(missing ? [] : [{ label: `$(refresh) ${t('Restart')}`, command: command.restart }]),
        { label: `$(output) ${t('Show log')}`, command: command.showLog },
        { label: `$(copy) ${t('Copy diagnostics')}`, command: command.copyDiagnostics },
        { label: `$(settings-gear) ${t('Settings')}`, command: command.openSettings },
    ];
}

function switches({ here }: State, hasWorkspace: boolean): Entry[] {
    const off = !here.enabled;
    const icon = (isOff: boolean) => (isOff ? '$(circle-large-outline)' : '$(circle-slash)');
    const all = off ? t('Turn on') : t('Turn off');
    const language = here.languageOff ? t('Turn on for {0}', here.language) : t('Turn off for {0}', here.language);
    const folder = here.workspaceOff ? t('Turn on in this workspace') : t('Turn off in this workspace');
    return [
        ...(here.workspaceOff ? [] : [{ label: `${icon(off)} ${all}`, command: command.toggle }]),
        ...(here.language && !off
            ? [{ label: `${icon(here.languageOff)} ${language}`, command: command.toggleLanguage }]
            : []),
        ...(hasWorkspace && (here.workspaceOff || !off)
            ? [{ label: `${icon(here.workspaceOff)} ${folder}`, command: command.toggleWorkspace }]
            : []),
    ];
}

function pauses({ here, snoozeMinutes }: State): Entry[] {
    if (!here.enabled || here.languageOff) return [];
    const mode = here.automatic ? t('Complete only when asked') : t('Complete while typing');
    const nap = snoozeMinutes > 0 ? t('End the snooze') : t('Snooze');
    return [
        ...(here.automatic
            ? [{ label: `$(bell-slash) ${nap}`, command: snoozeMinutes > 0 ? command.wake : command.snooze }]
            : []),
        { label: `$(keyboard) ${mode}`, description: here.automatic ? 'Alt+\\' : '', command: command.toggleAutomatic },
    ];
}

function ofServer({ status }: State): Entry[] {
    const silence = status?.lastSilence;
    const missing = modelToPull(status?.message ?? '');
    const waiting = status?.waitingHosts ?? [];
    return [
        ...(waiting.length > 0
            ? [{ label: `$(shield) ${t('Decide whether text may be sent to {0}', waiting.join(', '))}`, command: command.askRemote }]
            : []),
        ...(missing ? [{ label: `$(cloud-download) ${t('Get the model {0}', missing)}`, command: command.getModel }] : []),
        {
            label: `$(question) ${t('Why was nothing shown?')}`,
            description: silence ? capitalised(silence.message) : '',
            command: command.whyNothing,
        },
        {
            label: `$(graph) ${t('Statistics')}`,
            description: status?.statistics ? counts(status.statistics) : '',
            command: command.statistics,
        },
        { label: `$(package) ${t('Choose a model')}`, description: status?.model ?? '', command: command.pickModel },
        { label: `$(dashboard) ${t('Measure this machine')}`, command: command.tune },
    ];
}
