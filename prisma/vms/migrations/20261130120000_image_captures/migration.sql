-- A column that may be null and a state that nothing has yet: what runs on the schema before knows nothing of them.

-- AlterEnum
ALTER TYPE "ImageState" ADD VALUE 'CAPTURING';

-- AlterTable
ALTER TABLE "images" ADD COLUMN "source_vm_id" UUID;

-- CreateIndex
CREATE INDEX "images_source_vm_id_idx" ON "images"("source_vm_id");
