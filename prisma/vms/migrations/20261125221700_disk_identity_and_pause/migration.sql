-- AlterEnum
ALTER TYPE "VmState" ADD VALUE 'PAUSED';

-- AlterTable
ALTER TABLE "vms" ADD COLUMN     "disk_built_at" TIMESTAMPTZ(3),
ADD COLUMN     "pause_reason" TEXT,
ADD COLUMN     "wanted_network_id" UUID,
ALTER COLUMN "network_id" DROP NOT NULL;

-- A VM that is past its building has a disk: it is never given a new one.
UPDATE "vms" SET "disk_built_at" = now()
WHERE EXISTS (
  SELECT 1 FROM "operations" o JOIN "operation_steps" s ON s."operation_id" = o."id"
  WHERE o."vm_id" = "vms"."id" AND s."name" = 'ensure-disk' AND s."status" = 'SUCCEEDED'
);
