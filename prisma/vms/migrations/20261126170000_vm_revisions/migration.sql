-- Nothing is filled: until its first change a VM's row is its first revision. What locks vms comes last and takes a
-- moment, for constant defaults are not written into the rows.

-- CreateTable
CREATE TABLE "vm_revisions" (
    "vm_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "changes" JSONB NOT NULL,
    "operation" TEXT NOT NULL,
    "author_id" UUID NOT NULL,
    "correlation_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_revisions_pkey" PRIMARY KEY ("vm_id","number")
);

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "max_vcpus" INTEGER,
ADD COLUMN "max_memory_mib" INTEGER,
ADD COLUMN "reserved_mib" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN "applied_revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN "pending_restart" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN "drift" JSONB NOT NULL DEFAULT '[]';

-- AddForeignKey
ALTER TABLE "vm_revisions" ADD CONSTRAINT "vm_revisions_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;
