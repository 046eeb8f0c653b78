import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { EventsModule } from '../events/events.module.js';
import { SamplesModule } from '../samples/samples.module.js';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module.js';
import { ClientGateway } from './client.gateway.js';

@Module({
  imports: [ConnectionsModule, EventsModule, SamplesModule, SubscriptionsModule],
  providers: [ClientGateway],
})
export class ClientsModule {}
