import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { DocumentStore } from './document-store.js';

describe(DocumentStore, () => {
  const document = parse('{ me { id } }');

  it('keeps the last 200 that were asked for, and no more', async () => {
    const store = new DocumentStore();
    for (let index = 0; index < 200; index += 1) await store.set(String(index), document);
    expect(await store.get('0')).toBe(document);
    await store.set('200', document);
    expect(await store.get('0')).toBe(document);
    expect(await store.get('1')).toBeUndefined();
    expect(await store.get('200')).toBe(document);
  });

  it('keeps one that comes again once, and forgets one', async () => {
    const store = new DocumentStore();
    for (let index = 0; index < 500; index += 1) await store.set('same', document);
    await store.set('other', document);
    expect(await store.get('same')).toBe(document);
    expect(await store.delete('same')).toBe(true);
    expect(await store.get('same')).toBeUndefined();
    expect(await store.get('other')).toBe(document);
  });
});
