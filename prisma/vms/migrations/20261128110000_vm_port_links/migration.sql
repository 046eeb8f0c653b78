-- A column with a constant default (no table is rewritten): what runs on the schema before knows nothing of it.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "links" JSONB NOT NULL DEFAULT '{}';
