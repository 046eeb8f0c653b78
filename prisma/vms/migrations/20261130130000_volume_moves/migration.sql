-- A state and columns that may be null: what runs on the schema before neither reads nor writes the columns, and meets the
-- state only when a volume is moved before the last of it is replaced.
ALTER TYPE "VolumeState" ADD VALUE 'MOVING' BEFORE 'ERROR';

-- AlterTable
ALTER TABLE "volumes" ADD COLUMN "clone_source_id" UUID,
ADD COLUMN "target_pool_id" UUID;

-- CreateIndex
CREATE INDEX "volumes_clone_source_id_idx" ON "volumes"("clone_source_id");
