import { describe, expect, it } from '@jest/globals';

import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

describe(readStackSettings.name, () => {
  it('takes the limit of silence from the environment, or 30 s, and that of stability, or 60 s', () => {
    const defaults = { INFINIBAY_SILENCE_SECONDS: 30, INFINIBAY_STABLE_SECONDS: 60 };
    expect(readStackSettings({})).toEqual(defaults);
    expect(readStackSettings({ INFINIBAY_SILENCE_SECONDS: '', INFINIBAY_STABLE_SECONDS: '' })).toEqual(defaults);
    expect(readStackSettings({ INFINIBAY_SILENCE_SECONDS: '120' })).toMatchObject({ INFINIBAY_SILENCE_SECONDS: 120 });
    expect(readStackSettings({ INFINIBAY_STABLE_SECONDS: '1' })).toMatchObject({ INFINIBAY_STABLE_SECONDS: 1 });
  });

  it.each(['0', '9', '-1', '1e9', '12.5', 'soon', 'NaN', 'Infinity'])('refuses %s with its name', (text) => {
    const read = () => readStackSettings({ INFINIBAY_SILENCE_SECONDS: text });
    expect(read).toThrow(StackError);
    expect(read).toThrow('INFINIBAY_SILENCE_SECONDS');
  });
});
