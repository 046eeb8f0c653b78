-- A column that may be null: what runs on the schema before neither reads nor writes it.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "guest_silent_at" TIMESTAMPTZ(3);
