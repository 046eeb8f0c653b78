/** Entities that are asked for, each once, and where each of them goes. */
export interface DistinctRepresentations {
  readonly distinct: readonly unknown[];
  /** For each representation as given, its place in `distinct`. */
  readonly places: readonly number[];
}

/** A page of 50 VMs of one department names the department 50 times; it is resolved once. */
export const distinctRepresentations = (representations: readonly unknown[]): DistinctRepresentations => {
  const known = new Map<string, number>();
  const distinct: unknown[] = [];
  const places = representations.map((representation) => {
    const text = JSON.stringify(representation);
    const place = known.get(text) ?? distinct.length;
    if (place === distinct.length) {
      known.set(text, place);
      distinct.push(representation);
    }
    return place;
  });
  return { distinct, places };
};
