import { Module } from '@nestjs/common';
import { VmSubscriptions } from './vm.subscriptions.js';

@Module({
  providers: [VmSubscriptions],
  exports: [VmSubscriptions],
})
export class SubscriptionsModule {}
