-- A column with a default that is no rewrite: what runs on the schema before knows nothing of it.

-- AlterTable
ALTER TABLE "image_copies" ADD COLUMN "mismatches" INTEGER NOT NULL DEFAULT 0;
