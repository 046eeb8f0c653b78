-- A default that is no rewrite: what runs on the schema before neither reads nor writes it.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "to_settle_in" BOOLEAN NOT NULL DEFAULT false;
