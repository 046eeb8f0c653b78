-- A column with a default that is no rewrite: what runs on the schema before neither reads nor writes it.

-- AlterTable
ALTER TABLE "ports" ADD COLUMN "position" INTEGER NOT NULL DEFAULT 0;
