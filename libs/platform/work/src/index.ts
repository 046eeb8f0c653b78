export * from './dispatcher.js';
export * from './host-slots.js';
