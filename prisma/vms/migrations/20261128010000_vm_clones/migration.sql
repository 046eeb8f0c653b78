-- What a VM is a clone of. Columns without a default: no row is written anew.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "clone_source_id" UUID,
ADD COLUMN "clone_snapshot_id" UUID;

-- CreateIndex
CREATE INDEX "vms_clone_source_id_idx" ON "vms"("clone_source_id");
