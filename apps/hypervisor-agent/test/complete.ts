/** Asks until it is told that it has come about; each answer is waited for some seconds. @throws what it is refused with */
export const complete = async <T extends { readonly isComplete: boolean }>(ask: () => Promise<T>): Promise<T> => {
  for (let asked = 0; asked < 100; asked += 1) {
    const answer = await ask();
    if (answer.isComplete) return answer;
  }
  throw new Error('it does not come about');
};
