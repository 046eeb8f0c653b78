-- A column that may be null and two with a constant default (no table is rewritten): what runs on the schema before knows nothing of them.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "cdrom_image_id" UUID,
ADD COLUMN "cdrom_pending" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "is_disk_empty" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "vms_cdrom_image_id_idx" ON "vms"("cdrom_image_id");
