// One libvirt object has one stem in the core, in the addon and in TypeScript: who knows one layer finds the others.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const packageDir = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What each layer has a file or a folder for. */
const OBJECTS = [
  'checkpoint',
  'connection',
  'credentials',
  'domain',
  'domain_diagnostics',
  'domain_disk',
  'domain_guest',
  'domain_list',
  'domain_stats',
  'domain_threads',
  'domain_tuning',
  'events',
  'host',
  'interface',
  'migration',
  'network',
  'network_port',
  'node_device',
  'nwfilter',
  'parameters',
  'secret',
  'snapshot',
  'storage_pool',
  'storage_volume',
  'storage_volume_data',
  'stream',
];

/** What a layer needs for itself. */
const CORE = 'error error_code event_loop ffi lib long_text ops pool session uuid vocabulary xml'.split(' ');
const ADDON = 'bridge build declare for_test lib number text'.split(' ');
const WRAPPER = 'calls error event_stream generated index load_addon parameter_kinds vocabulary'.split(' ');

/** Names of the files and folders of a folder, without their endings and in the spelling of Rust. */
function stemsOf(...folder: string[]): string[] {
  const names = readdirSync(path.join(packageDir, ...folder)).filter((name) => !/spec\.ts$|^mod\.rs$/u.test(name));
  return names.map((name) => name.replace(/\.\w+$/u, '').replaceAll('-', '_'));
}

/** Of a part of an object, as `domain_agent` is of `domain`. */
const isPart = (stem: string): boolean => OBJECTS.some((object) => stem === object || stem.startsWith(`${object}_`));

describe('the layers of the binding', () => {
  it.each([
    ['core', [...stemsOf('..', 'libvirt-core', 'src'), ...stemsOf('..', 'libvirt-core', 'src', 'ops')], CORE],
    ['addon', stemsOf('rust'), ADDON],
    ['wrapper', stemsOf('src'), WRAPPER],
  ])('name the same objects: %s', (_, stems, own) => {
    expect(OBJECTS.filter((object) => !stems.includes(object))).toEqual([]);
    expect(stems.filter((stem) => !own.includes(stem) && !isPart(stem))).toEqual([]);
    expect(own.filter((stem) => !stems.includes(stem))).toEqual([]);
  });

  it('keep Rust out of src, and what tools write in src/generated', () => {
    expect(readdirSync(path.join(packageDir, 'src')).filter((name) => name.endsWith('.rs'))).toEqual([]);
    expect(readdirSync(path.join(packageDir, 'src', 'generated'))).toEqual(['addon.ts']);
  });
});
