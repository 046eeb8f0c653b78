-- CreateTable
CREATE TABLE "forgotten_vms" (
    "vm_id" UUID NOT NULL,
    "forgotten_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "forgotten_vms_pkey" PRIMARY KEY ("vm_id")
);
