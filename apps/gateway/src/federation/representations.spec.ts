import { describe, expect, it } from '@jest/globals';
import { askOnce } from './representations.js';

const department = (id: string) => ({ __typename: 'Department', id });

describe(askOnce, () => {
  it('asks for each entity once and answers every place, with the path of an error', async () => {
    const request = { query: '', variables: { n: 1, representations: ['a', 'b', 'a', 'b', 'c'].map(department) } };
    const answer = await askOnce(request, 3, () => {
      expect(request.variables).toEqual({ n: 1, representations: ['a', 'b', 'c'].map(department) });
      return Promise.resolve({
        data: { _entities: [{ name: 'A' }, { name: 'B' }, null] },
        errors: [{ message: 'no', path: ['_entities', 2, 'name'] }],
      } as never);
    });
    expect(answer.data?.['_entities']).toEqual([{ name: 'A' }, { name: 'B' }, { name: 'A' }, { name: 'B' }, null]);
    expect(answer.errors?.[0]?.path).toEqual(['_entities', 4, 'name']);
  });

  it('refuses more distinct entities than a subgraph resolves in one call', async () => {
    const request = { query: '', variables: { representations: ['a', 'b', 'c'].map(department) } };
    await expect(askOnce(request, 2, () => Promise.reject(new Error('asked')))).rejects.toMatchObject({
      code: 'QUERY_TOO_COMPLEX',
      details: { limit: 'representations' },
    });
  });
});
