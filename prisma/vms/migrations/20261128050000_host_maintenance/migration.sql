-- Columns that may be null: what runs on the schema before neither reads nor writes them.

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "maintenance_since" TIMESTAMPTZ(3), ADD COLUMN "maintenance_by_id" UUID, ADD COLUMN "maintenance_reason" TEXT;

-- The three of them stand and fall together, but for the reason, which nobody has to give.
ALTER TABLE "hosts" ADD CONSTRAINT "hosts_maintenance_is_told_whole"
  CHECK (("maintenance_since" IS NULL) = ("maintenance_by_id" IS NULL) AND ("maintenance_reason" IS NULL OR "maintenance_since" IS NOT NULL));
