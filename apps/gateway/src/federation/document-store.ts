import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';

/** More than pages of ours ask for; each is at most as large as the limits of a request allow. */
const MOST = 200;

type Store = NonNullable<ApolloServerOptions<BaseContext>['documentStore']>;

/**
 * Documents that were found valid, the last ones that were asked for. Apollo's own store counts a document by its JSON,
 * which leaves out the tokens that it holds: a few hundred bytes for megabytes.
 */
export class DocumentStore implements Store {
  private readonly documents = new Map<string, DocumentNode>();

  get(key: string): Promise<DocumentNode | undefined> {
    const document = this.documents.get(key);
    if (document !== undefined) this.keep(key, document);
    return Promise.resolve(document);
  }

  set(key: string, document: DocumentNode): Promise<void> {
    this.keep(key, document);
    for (const oldest of this.documents.keys()) {
      if (this.documents.size <= MOST) break;
      this.documents.delete(oldest);
    }
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.documents.delete(key));
  }

  /** As the youngest. */
  private keep(key: string, document: DocumentNode): void {
    this.documents.delete(key);
    this.documents.set(key, document);
  }
}
