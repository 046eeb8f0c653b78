-- A column that may be null and a table: what runs on the schema before neither reads nor writes them.

-- CreateEnum
CREATE TYPE "MigrationPhase" AS ENUM ('PREPARING', 'MOVING', 'ARRIVED', 'CLEANING', 'TAKEN_BACK');

-- AlterTable
ALTER TABLE "operations" ADD COLUMN "cancel_requested_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "vm_migrations" (
    "vm_id" UUID NOT NULL,
    "operation_id" UUID NOT NULL,
    "phase" "MigrationPhase" NOT NULL DEFAULT 'PREPARING',
    "source_host_id" UUID NOT NULL,
    "target_host_id" UUID NOT NULL,
    "source_storage_id" UUID,
    "target" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "moved_at" TIMESTAMPTZ(3),

    CONSTRAINT "vm_migrations_pkey" PRIMARY KEY ("vm_id")
);

-- CreateIndex
CREATE INDEX "vm_migrations_target_host_id_idx" ON "vm_migrations"("target_host_id");

-- AddForeignKey
ALTER TABLE "vm_migrations" ADD CONSTRAINT "vm_migrations_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;
