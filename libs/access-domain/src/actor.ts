import type { Actor } from '@infinibay/contracts';

/** What can be done to a resource. */
export type Verb = 'read' | 'create' | 'update' | 'delete' | 'operate' | 'administer';

/** What authorisation needs to know of a resource. */
export interface Resource {
  readonly kind:
    | 'vm'
    | 'volume'
    | 'template'
    | 'placement-group'
    | 'network'
    | 'firewall-rule'
    | 'department'
    | 'user'
    | 'host'
    | 'image'
    | 'operation'
    | 'platform';
  /** null: it belongs to no department; an image or a template of none is shared by all. */
  readonly departmentId: string | null;
  /** The user it is about or belongs to, where that matters (kind user). */
  readonly userId?: string;
}

/** Of these what belongs to no department is for all. */
const SHARED_TO_READ: ReadonlySet<Resource['kind']> = new Set(['image', 'template']);
const MANAGED_BY_ADMINS: ReadonlySet<Resource['kind']> = new Set(['department', 'user', 'host', 'platform']);

/**
 * The one authorisation function: every resolver, reference resolver, event room and console asks it.
 * Admins may do everything. Members may read their department and work with its VMs, placement groups, volumes, images,
 * templates, networks and rules; images and templates of no department are for all to read.
 */
export const can = (actor: Actor, verb: Verb, resource: Resource): boolean => {
  if (actor.role === 'ADMIN') return true;
  if (verb === 'administer') return false;
  if (resource.kind === 'user') return verb === 'read' && resource.userId === actor.userId;
  if (resource.departmentId === null) return verb === 'read' && SHARED_TO_READ.has(resource.kind);
  if (!actor.departmentIds.includes(resource.departmentId)) return false;
  return verb === 'read' || !MANAGED_BY_ADMINS.has(resource.kind);
};

/** The twin of can(actor, 'read', …): departments whose resources a list may show. */
export type DepartmentScope =
  { readonly all: true } | { readonly all: false; readonly departmentIds: readonly string[] };

export const readableDepartments = (actor: Actor): DepartmentScope =>
  actor.role === 'ADMIN' ? { all: true } : { all: false, departmentIds: actor.departmentIds };

/** The scope as a filter on a `departmentId` column of a Prisma model. */
export const departmentWhere = (scope: DepartmentScope): { departmentId?: { in: string[] } } =>
  scope.all ? {} : { departmentId: { in: [...scope.departmentIds] } };
