import { Controller, Get, Header } from '@nestjs/common';
import { GRAPHQL_PATH } from '../federation/gateway-options.js';

const FIRST_QUERY = `# Log in, then put the access token into the headers below: { "authorization": "Bearer ..." }
mutation {
  login(email: "admin@infinibay.local", password: "") {
    accessToken
    refreshToken
  }
}
`;

/** GraphiQL with everything in one page: it needs no other site. Not there in production. */
@Controller('graphiql')
export class GraphiqlController {
  private page: Promise<string> | undefined;

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'private, max-age=3600')
  show(): Promise<string> {
    this.page ??= render();
    return this.page;
  }
}

/** Loaded when first asked for: the page has 9 MB. */
const render = async (): Promise<string> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  return renderGraphiQL({ endpoint: GRAPHQL_PATH, title: 'Infinibay', defaultQuery: FIRST_QUERY, headers: '{}' });
};
