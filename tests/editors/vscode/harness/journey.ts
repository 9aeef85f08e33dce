/** What a user does again and again. */
import { TOTAL } from './rules.ts';
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
