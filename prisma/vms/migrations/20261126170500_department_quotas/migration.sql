-- CreateTable
CREATE TABLE "department_quotas" (
    "department_id" UUID NOT NULL,
    "vms" BIGINT,
    "vcpus" BIGINT,
    "memory_mib" BIGINT,
    "disk_bytes" BIGINT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "department_quotas_pkey" PRIMARY KEY ("department_id")
);
