import { describe, expect, it } from '@jest/globals';

import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

describe(readStackSettings.name, () => {
  it('takes the limit of silence from the environment, or 30 s', () => {
    expect(readStackSettings({})).toEqual({ INFINIBAY_SILENCE_SECONDS: 30 });
    expect(readStackSettings({ INFINIBAY_SILENCE_SECONDS: '' })).toEqual({ INFINIBAY_SILENCE_SECONDS: 30 });
    expect(readStackSettings({ INFINIBAY_SILENCE_SECONDS: '120' })).toEqual({ INFINIBAY_SILENCE_SECONDS: 120 });
  });

  it.each(['0', '9', '-1', '1e9', '12.5', 'soon', 'NaN', 'Infinity'])('refuses %s with its name', (text) => {
    const read = () => readStackSettings({ INFINIBAY_SILENCE_SECONDS: text });
    expect(read).toThrow(StackError);
    expect(read).toThrow('INFINIBAY_SILENCE_SECONDS');
  });
});
