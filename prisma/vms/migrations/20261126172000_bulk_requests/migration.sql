-- CreateEnum
CREATE TYPE "BulkResultStatus" AS ENUM ('PENDING', 'REFUSED', 'ACCEPTED', 'SUCCEEDED', 'FAILED', 'SUPERSEDED');

-- CreateTable
CREATE TABLE "bulk_requests" (
    "operation_id" UUID NOT NULL,
    "actor_role" TEXT NOT NULL,
    "host_id" UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    "due_at" TIMESTAMPTZ(3),

    CONSTRAINT "bulk_requests_pkey" PRIMARY KEY ("operation_id")
);

-- CreateTable
CREATE TABLE "bulk_results" (
    "operation_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "vm_id" UUID NOT NULL,
    "department_id" UUID,
    "host_id" UUID NOT NULL,
    "status" "BulkResultStatus" NOT NULL DEFAULT 'PENDING',
    "accepted_operation_id" UUID,
    "error_code" TEXT,
    "error_message" TEXT,
    "due_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "bulk_results_pkey" PRIMARY KEY ("operation_id","position")
);

-- CreateIndex
CREATE INDEX "bulk_requests_due_at_idx" ON "bulk_requests"("due_at");

-- CreateIndex
CREATE UNIQUE INDEX "bulk_results_operation_id_vm_id_key" ON "bulk_results"("operation_id", "vm_id");

-- CreateIndex
CREATE INDEX "bulk_results_due_at_idx" ON "bulk_results"("due_at");

-- AddForeignKey
ALTER TABLE "bulk_results" ADD CONSTRAINT "bulk_results_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "bulk_requests"("operation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "operations" ADD COLUMN "progress_percent" INTEGER;

-- AddForeignKey
ALTER TABLE "bulk_requests" ADD CONSTRAINT "bulk_requests_operation_id_fkey" FOREIGN KEY ("operation_id") REFERENCES "operations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
