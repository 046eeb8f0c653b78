import { searchTextOf, substringsOf } from './vm-search.js';

/** What people say of a VM. */
export interface VmMetadata {
  readonly description: string;
  readonly tags: readonly string[];
}

/** As it is kept: with what text filters look into, which is the name too. */
export const metadataOf = (name: string, { description, tags }: VmMetadata) => {
  const searchText = searchTextOf(name, description);
  return { description, tags: [...tags], searchText, substrings: substringsOf(searchText) };
};
