/** What a user does again and again. */
import assert from 'node:assert/strict';

import type { Editor } from './editor.ts';
import { isAnswered, untilAnswered, type Run } from './record.ts';
import { TOTAL } from './rules.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

/** A first line that gives the names of the completions a meaning. */
export const VALUES = 'price = amount = shipping = discount = 1\n';

/** A fresh file completes. */
export async function works({ editor }: World, name: string): Promise<void> {
    await editor.file(name, VALUES);
    await editor.type('total = ');
    await editor.expectGhost(TOTAL);
    await editor.keys('Tab');
    await editor.expectSaved(name, `${VALUES}total = ${TOTAL}`);
}

/** A fresh file does not complete, and the server has said so. */
export async function isSilent({ editor }: World, run: Run, name: string): Promise<void> {
    await editor.file(name, VALUES);
    const before = run.entries().length;
    await editor.type('total = ');
    assert.deepEqual(await untilAnswered(run, 'total = '.length, before), []);
    await editor.expectSaved(name, `${VALUES}total = `);
    assert.equal(await editor.ghost(), '');
}

/** How long ghost text has to stay the same once all is answered. */
const SETTLED_MS = 1000;

/** The ghost text that nothing will change any more. */
export async function settled(editor: Editor, run: Run): Promise<string> {
    let [last, since] = [await editor.ghost(), Date.now()];
    await until('ghost text that stays', async () => {
        const text = await editor.ghost();
        if (text !== last || !isAnswered(run)) [last, since] = [text, Date.now()];
        return Date.now() - since > SETTLED_MS;
    });
    return last;
}
