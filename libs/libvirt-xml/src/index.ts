export * from './base-filters.js';
export * from './domain-xml.js';
export * from './filter-xml.js';
export * from './libvirt-answers.js';
export * from './names.js';
export * from './network-xml.js';
export * from './storage-xml.js';
export * from './xml-element.js';
