-- A column with a constant default (no table is rewritten) and a new table: what runs on the schema before knows neither.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "autostart" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "host_boots" (
    "host_id" UUID NOT NULL,
    "boot_id" UUID NOT NULL,
    "epoch" UUID NOT NULL,

    CONSTRAINT "host_boots_pkey" PRIMARY KEY ("host_id")
);
