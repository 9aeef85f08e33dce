/** The list of models as the server prints it, and as the user sees it. Pure. */

/** `size` in bytes. `present`: on this machine. */
export interface Model {
    readonly name: string;
    readonly description: string;
    readonly licence: string;
    readonly size: number;
    readonly present: boolean;
    readonly default: boolean;
}

export interface ModelItem {
    readonly label: string;
    readonly description: string;
    readonly detail: string;
    readonly model: Model;
}

/** `chosen`: the setting, a name or `default`. */
export function modelItems(models: readonly Model[], chosen: string): ModelItem[] {
    return models.map((model) => {
        const isChosen = model.name === chosen || (model.default && chosen === 'default');
        const size = `${Math.round(model.size / 1e6)} MB`;
        return {
            label: `$(${isChosen ? 'check' : 'package'}) ${model.name}`,
            description: model.present ? size : `${size}, not on this machine yet`,
            detail: `${model.description} (${model.licence})${model.default ? '; the default' : ''}`,
            model,
        };
    });
}

/** The name in a message of the server that says which command gets the model that is missing or damaged. */
export function modelToPull(message: string): string | undefined {
    return /copilot-lsp models pull ([\w.-]+)/.exec(message)?.[1];
}
