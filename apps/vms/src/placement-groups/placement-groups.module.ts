import { Module } from '@nestjs/common';
import { DepartmentsModule } from '../departments/departments.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { GroupMemberRepository } from './group-member.repository.js';
import { PlacementGroupFieldsResolver, VmPlacementGroupsResolver } from './placement-group-fields.resolver.js';
import { PlacementGroupRepository } from './placement-group.repository.js';
import { PlacementGroupConnectionResolver, PlacementGroupResolver } from './placement-group.resolver.js';
import { PlacementGroupService } from './placement-group.service.js';

@Module({
  imports: [DepartmentsModule, VmsModule],
  providers: [
    PlacementGroupRepository,
    GroupMemberRepository,
    PlacementGroupService,
    PlacementGroupResolver,
    PlacementGroupConnectionResolver,
    PlacementGroupFieldsResolver,
    VmPlacementGroupsResolver,
  ],
  exports: [PlacementGroupRepository, GroupMemberRepository],
})
export class PlacementGroupsModule {}
