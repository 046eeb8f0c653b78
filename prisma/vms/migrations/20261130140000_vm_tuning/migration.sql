-- A column that may be null: what runs on the schema before neither reads nor writes it. What VMs say is in vms.hardware.

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "tuning" JSONB;
