export const LOGIN = `mutation ($email: String!, $password: String!) {
  login(email: $email, password: $password) { accessToken refreshToken }
}`;
export const REFRESH = `mutation ($refreshToken: String!) {
  refreshSession(refreshToken: $refreshToken) { accessToken refreshToken }
}`;
export const DEPARTMENTS = `{ departments(first: 200) { nodes { id name } } }`;

export const DEPARTMENT = `query ($id: ID!) {
  department(id: $id) {
    networks { id name cidr }
    firewallRules { id description }
    vms(first: 50) { nodes { id name state } }
  }
}`;

export const CREATE_DEPARTMENT = `mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id name } }`;
export const CREATE_NETWORK = `mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id name cidr } }`;
export const CREATE_RULE = `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }`;
export const IMAGES = `{ images { id name version minMemoryMib sizeGib } }`;
export const CREATE_VM = `mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id name state } operation { id } } }`;
export const DELETE_VM = `mutation ($input: VmActionInput!) { deleteVm(input: $input) { vm { id } operation { id } } }`;
export const CREATE_VOLUME = `mutation ($input: CreateVolumeInput!) { createVolume(input: $input) { volume { id } } }`;
export const DELETE_VOLUME = `mutation ($input: VolumeActionInput!) { deleteVolume(input: $input) { volume { id } } }`;
export const ATTACH_VOLUME = `mutation ($input: VmVolumeInput!) { attachVolume(input: $input) { operation { id } } }`;
export const CREATE_SNAPSHOT = `mutation ($input: CreateVmSnapshotInput!) { createVmSnapshot(input: $input) { operation { id } } }`;
export const REVERT_TO_SNAPSHOT = `mutation ($input: VmSnapshotInput!) { revertVmToSnapshot(input: $input) { operation { id } } }`;
export const DISKS = `query ($id: ID!) {
  vm(id: $id) {
    state
    volumes { id target attachment }
    snapshots { id memoryGib }
    operations(first: 1) { status errorMessage }
  }
}`;
export const VM_STATE = `query ($id: ID!) { vm(id: $id) { state guestReady error { code message } } }`;
export const UPTIME = `query ($id: ID!) { vm(id: $id) { metrics { uptimeSeconds sampledAt } } }`;

/** One query over five services: who, where, network, firewall, guest, journal. */
export const EVERYTHING = `query ($id: ID!) {
  vm(id: $id) {
    name state guestReady agentVersion vcpus memoryMib
    owner { email }
    department { name }
    host { hostname virtType nwfilter guestChannel }
    image { name version }
    ports { mac address network { name cidr } }
    effectiveFirewallRules { direction action protocol portFrom portTo }
    firewall { status revision kernelRules }
    metrics { uptimeSeconds cpuPercent hostname kernelVersion processes { pid name cpuPercent memoryKib } }
    operations(first: 1) { kind status steps { name status attempts startedAt finishedAt } }
  }
}`;
