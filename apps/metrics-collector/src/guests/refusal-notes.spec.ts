import { describe, expect, it } from '@jest/globals';
import { RefusalNotes } from './refusal-notes.js';

describe(RefusalNotes.name, () => {
  it('tells the first refusal at once and then once a minute, with all that came meanwhile', () => {
    let now = 0;
    const notes = new RefusalNotes(() => now);
    expect(notes.add('oversize')).toEqual({ refused: { oversize: 1 } });
    for (let count = 0; count < 1_000; count += 1) expect(notes.add('not_json')).toBeUndefined();
    now = 60_000;
    expect(notes.add('oversize')).toEqual({ refused: { oversize: 1, not_json: 1_000 } });
  });
});
