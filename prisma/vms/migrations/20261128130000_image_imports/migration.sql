-- Columns that may be null, or have a default that is no rewrite: what runs on the schema before neither reads nor writes them.

-- CreateEnum
CREATE TYPE "ImageState" AS ENUM ('READY', 'IMPORTING', 'FAILED', 'DELETING', 'DELETED');

-- AlterTable
ALTER TABLE "images" ADD COLUMN "active_name_key" TEXT,
ADD COLUMN "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN "department_id" UUID,
ADD COLUMN "error_code" TEXT,
ADD COLUMN "error_message" TEXT,
ADD COLUMN "failed_attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "failing_since" TIMESTAMPTZ(3),
ADD COLUMN "fence" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "host_id" UUID,
ADD COLUMN "imported_by_id" UUID,
ADD COLUMN "lease_owner" TEXT,
ADD COLUMN "lease_until" TIMESTAMPTZ(3),
ADD COLUMN "reconcile_at" TIMESTAMPTZ(3),
ADD COLUMN "size_bytes" BIGINT,
ADD COLUMN "source_url" TEXT,
ADD COLUMN "state" "ImageState" NOT NULL DEFAULT 'READY';

-- What hosts tell of has no department, is always there, and has nobody who works on it. What was imported has a host.
ALTER TABLE "images" ADD CONSTRAINT "images_imported_or_told_check" CHECK (
  ("imported_by_id" IS NULL) = ("host_id" IS NULL)
  AND ("imported_by_id" IS NOT NULL OR ("department_id" IS NULL AND "state" = 'READY' AND "reconcile_at" IS NULL))
);

-- DropIndex, and the same for what hosts tell of alone: what a department calls an image of its own must keep no other away.
DROP INDEX "images_name_version_key";
CREATE UNIQUE INDEX "images_told_name_version_key" ON "images"("name", "version") WHERE "imported_by_id" IS NULL;

-- CreateIndex: of those for all the department is nobody's.
CREATE UNIQUE INDEX "images_department_id_active_name_key_key"
  ON "images"(COALESCE("department_id", '00000000-0000-0000-0000-000000000000'), "active_name_key");

-- CreateIndex
CREATE INDEX "images_department_id_idx" ON "images"("department_id");

-- CreateIndex
CREATE INDEX "images_reconcile_at_idx" ON "images"("reconcile_at");
