import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DiskLayerImageResolver, VmDiskChainResolver, VolumeChainResolver } from './disk-chain.resolver.js';
import { DiskChainService } from './disk-chain.service.js';

@Module({
  imports: [CatalogModule],
  providers: [DiskChainService, VmDiskChainResolver, VolumeChainResolver, DiskLayerImageResolver],
})
export class ChainsModule {}
