// stdin: JSON of [{ file, code }]; stdout: JSON of [{ rules, messages }] in the same order. See lint-texts.ts.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({
  // The files don't exist, so nothing has types: only the rules that need them are switched off.
  overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
});

const results = [];
for (const { file, code } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(code, { filePath: file });
  const messages = result?.messages ?? [];
  results.push({
    rules: messages.map((message) => message.ruleId ?? 'parse error'),
    messages: messages.map((message) => `${message.ruleId}: ${message.message}`),
  });
}
process.stdout.write(`${JSON.stringify(results)}\n`);
