-- Columns with a constant default (no table is rewritten) and one that may be null: what runs on the schema before knows nothing of them.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "blank_disk" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "cdrom_image_id" UUID,
ADD COLUMN "defined_cdrom" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "has_cdrom" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "vms_cdrom_image_id_idx" ON "vms"("cdrom_image_id");
