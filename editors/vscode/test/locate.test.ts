import assert from 'node:assert/strict';
import { test } from 'node:test';

import { locate, type Places } from '../src/locate.ts';

const places: Places = {
    setting: '',
    python: '/project/.venv/bin/python',
    path: '/usr/local/bin:/usr/bin',
    installed: ['/storage/servers/copilot_lsp-2', '/storage/servers/copilot_lsp-1'],
    platform: 'linux',
};

const among = (...files: string[]) => (file: string) => files.includes(file);

const everywhere = [
    '/project/.venv/bin/copilot-lsp',
    '/usr/bin/copilot-lsp',
    '/storage/servers/copilot_lsp-2/bin/copilot-lsp',
    '/storage/servers/copilot_lsp-1/bin/copilot-lsp',
];

test('the active environment comes before PATH, and PATH before what was installed', () => {
    const order = everywhere.map((_, index) => locate(places, among(...everywhere.slice(index)))?.command);
    assert.deepEqual(order, everywhere);
});

test('a path in the setting is taken alone', () => {
    const chosen = { ...places, setting: '/opt/copilot-lsp' };
    assert.deepEqual(locate(chosen, among('/opt/copilot-lsp', ...everywhere)), {
        command: '/opt/copilot-lsp',
        origin: 'setting',
    });
    assert.equal(locate(chosen, among(...everywhere)), undefined);
});

test('a relative entry of PATH is the opened folder, and is not looked into', () => {
    const relative = { ...places, python: undefined, path: '.:bin:', installed: [] };
    assert.equal(locate(relative, () => true), undefined);
});

test('on Windows the programs of an environment are in Scripts', () => {
    const windows: Places = {
        setting: '',
        python: 'C:\\Python\\python.exe',
        path: 'C:\\tools;D:\\bin',
        installed: ['C:\\storage\\servers\\1'],
        platform: 'win32',
    };
    const at = (file: string) => locate(windows, among(file))?.origin;
    assert.equal(at('C:\\Python\\Scripts\\copilot-lsp.exe'), 'environment');
    assert.equal(at('D:\\bin\\copilot-lsp.exe'), 'path');
    assert.equal(at('C:\\storage\\servers\\1\\Scripts\\copilot-lsp.exe'), 'installed');
});
