-- Kinds and wishes are declared by the actions of libs/vms-domain: another action is no change of the schema.
ALTER TABLE "operations" ALTER COLUMN "kind" TYPE TEXT USING "kind"::text;
DROP TYPE "OperationKind";
ALTER TABLE "vms" ALTER COLUMN "desired" DROP DEFAULT;
ALTER TABLE "vms" ALTER COLUMN "desired" TYPE TEXT USING "desired"::text;
ALTER TABLE "vms" ALTER COLUMN "desired" SET DEFAULT 'RUNNING';
DROP TYPE "DesiredState";

-- An operation is about a resource of any kind; all that were made before are about VMs.
ALTER TABLE "operations" ADD COLUMN "resource_kind" TEXT, ADD COLUMN "resource_id" UUID;
UPDATE "operations" SET "resource_kind" = 'vm', "resource_id" = "vm_id";
ALTER TABLE "operations"
  ALTER COLUMN "resource_kind" SET NOT NULL,
  ALTER COLUMN "resource_id" SET NOT NULL,
  ALTER COLUMN "vm_id" DROP NOT NULL;
DROP INDEX "operations_vm_id_created_at_idx";
CREATE INDEX "operations_vm_id_idx" ON "operations"("vm_id");
CREATE INDEX "operations_resource_kind_resource_id_created_at_idx" ON "operations"("resource_kind", "resource_id", "created_at" DESC);
