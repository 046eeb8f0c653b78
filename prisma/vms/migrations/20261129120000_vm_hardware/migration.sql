-- A column with a constant default (no table is rewritten) and columns that may be null: what runs on the schema before knows nothing of them.

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "hardware" JSONB;

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "defined_hardware" JSONB,
ADD COLUMN "hardware" JSONB NOT NULL DEFAULT '{}';
