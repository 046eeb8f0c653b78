import { appOf, type SourceFile, type Tree } from './source-files.ts';

/** Lines of specs for each line of source of an app, cut (not rounded up) to hundredths. */
export function specShare(app: string, { sources, specs }: Tree): number {
  const lines = (files: readonly SourceFile[]): number =>
    files.filter(({ file }) => appOf(file) === app).reduce((sum, one) => sum + one.lines, 0);
  return Math.floor((100 * lines(specs)) / Math.max(1, lines(sources))) / 100;
}
