import { defaultLayout } from '../stack/layout.ts';
import { messageOf } from '../stack/stack-error.ts';
import { claimStateFolder } from '../stack/state-folder.ts';
import { debianPackagesStep } from './debian-packages.ts';
import { guestImageStep, guestKernelStep, natsServerStep, qemuGuestAgentStep } from './downloads.ts';
import { addonStep, agentStep } from './native-build.ts';
import { npmDependenciesStep, packageScriptsStep } from './npm-dependencies.ts';
import { runLanes, runSteps, seconds } from './step-runner.ts';
import { prismaClientsStep, supergraphStep, typescriptStep } from './typescript-build.ts';

const started = Date.now();
const { stateDir, logDir } = defaultLayout();
try {
  // The logs go there.
  claimStateFolder(stateDir);
  const packages = await runSteps([debianPackagesStep], logDir);
  const rest = await runLanes(
    [
      [npmDependenciesStep, packageScriptsStep, prismaClientsStep, typescriptStep, supergraphStep],
      [addonStep, agentStep],
      [natsServerStep, guestKernelStep, qemuGuestAgentStep],
    ],
    logDir,
  );
  const image = await runSteps([guestImageStep], logDir);
  console.log(
    packages + rest + image === 0
      ? `setup: nothing to do (${seconds(started)})`
      : `setup: ready in ${seconds(started)}`,
  );
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
