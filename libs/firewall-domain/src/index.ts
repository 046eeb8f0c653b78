export * from './ipv4-range.js';
export * from './firewall-rule.js';
export * from './compiled-filter.js';
export * from './decision.js';
