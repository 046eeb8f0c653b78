import path from 'node:path';

import { defaultLayout } from '../stack/layout.ts';
import { messageOf } from '../stack/stack-error.ts';
import { debianPackagesStep } from './debian-packages.ts';
import { guestImageStep, guestKernelStep, natsServerStep } from './downloads.ts';
import { addonStep, agentStep } from './native-build.ts';
import { npmDependenciesStep, packageScriptsStep } from './npm-dependencies.ts';
import { runSteps } from './step-runner.ts';
import { prismaClientsStep, supergraphStep, typescriptStep } from './typescript-build.ts';

try {
  await runSteps([
    debianPackagesStep, natsServerStep, npmDependenciesStep, packageScriptsStep, addonStep, agentStep,
    prismaClientsStep, typescriptStep, supergraphStep, guestKernelStep, guestImageStep,
  ], path.join(defaultLayout().logDir));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
