/** Models in messages of the server. Pure. */

/** The name in a message of the server that says which command gets the model that is missing or damaged. */
export function modelToPull(message: string): string | undefined {
    return /copilot-lsp models pull ([\w.-]+)/.exec(message)?.[1];
}
