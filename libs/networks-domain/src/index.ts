export * from './ipv4.js';
export * from './cidr.js';
export * from './address-allocation.js';
export * from './subnet-choice.js';
export * from './host-names.js';
export * from './dhcp-hostnames.js';
