-- CreateTable
CREATE TABLE "vm_placements" (
    "vm_id" UUID NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,
    "hosts_considered" INTEGER NOT NULL,
    "refusals" JSONB NOT NULL,
    "verdicts" JSONB NOT NULL,

    CONSTRAINT "vm_placements_pkey" PRIMARY KEY ("vm_id")
);

-- AddForeignKey
ALTER TABLE "vm_placements" ADD CONSTRAINT "vm_placements_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;
