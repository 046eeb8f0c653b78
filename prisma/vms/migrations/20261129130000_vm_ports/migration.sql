-- A new table: what runs on the schema before does not know it.

-- CreateEnum
CREATE TYPE "PortAttachment" AS ENUM ('ATTACHING', 'ATTACHED', 'DETACHING');

-- CreateTable
CREATE TABLE "vm_ports" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "network_id" UUID NOT NULL,
    "slot" INTEGER NOT NULL,
    "attachment" "PortAttachment" NOT NULL,
    "replaces_network_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_ports_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "vm_ports_slot_check" CHECK ("slot" BETWEEN 0 AND 8)
);

-- CreateIndex
CREATE UNIQUE INDEX "vm_ports_vm_id_network_id_key" ON "vm_ports"("vm_id", "network_id");

-- CreateIndex
CREATE UNIQUE INDEX "vm_ports_vm_id_slot_key" ON "vm_ports"("vm_id", "slot");

-- AddForeignKey
ALTER TABLE "vm_ports" ADD CONSTRAINT "vm_ports_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;
