export const ME = `{ me { id email } }`;
export const START_VM = `mutation ($input: VmActionInput!) { startVm(input: $input) { operation { id } } }`;
export const SHUT_DOWN_VM = `mutation ($input: VmActionInput!) { shutdownVm(input: $input) { operation { id } } }`;
export const METRICS = `query ($id: ID!) {
  vm(id: $id) { host { virtType guestChannel } metrics { uptimeSeconds sampledAt } }
}`;
