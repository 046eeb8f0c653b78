-- New tables, and last a trigger on an old one: what runs on the schema before does not know them.

-- CreateEnum
CREATE TYPE "VolumeState" AS ENUM ('CREATING', 'AVAILABLE', 'RESIZING', 'ERROR', 'DELETING', 'DELETED');

-- CreateEnum
CREATE TYPE "VolumeAttachment" AS ENUM ('ATTACHING', 'ATTACHED', 'DETACHING');

-- CreateTable
CREATE TABLE "storage_pools" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "capacity_bytes" BIGINT NOT NULL,
    "available_bytes" BIGINT NOT NULL,
    "problem_code" TEXT,
    "problem_message" TEXT,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "storage_pools_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "volumes" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "owner_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "active_name_key" TEXT,
    "pool_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "state" "VolumeState" NOT NULL DEFAULT 'CREATING',
    "is_unwanted" BOOLEAN NOT NULL DEFAULT false,
    "capacity_bytes" BIGINT NOT NULL,
    "built_bytes" BIGINT NOT NULL DEFAULT 0,
    "allocation_bytes" BIGINT NOT NULL DEFAULT 0,
    "built_at" TIMESTAMPTZ(3),
    "attached_vm_id" UUID,
    "target" TEXT,
    "attachment" "VolumeAttachment",
    "error_code" TEXT,
    "error_message" TEXT,
    "reconcile_at" TIMESTAMPTZ(3),
    "failed_attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "fence" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "volumes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "volumes_attachment_check" CHECK (
      ("attached_vm_id" IS NULL) = ("target" IS NULL) AND ("attached_vm_id" IS NULL) = ("attachment" IS NULL)
    )
);

-- CreateIndex
CREATE UNIQUE INDEX "storage_pools_host_id_name_key" ON "storage_pools"("host_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "volumes_department_id_active_name_key_key" ON "volumes"("department_id", "active_name_key");

-- CreateIndex
CREATE UNIQUE INDEX "volumes_attached_vm_id_target_key" ON "volumes"("attached_vm_id", "target");

-- CreateIndex
CREATE INDEX "volumes_department_id_id_idx" ON "volumes"("department_id", "id" DESC);

-- CreateIndex
CREATE INDEX "volumes_pool_id_idx" ON "volumes"("pool_id");

-- CreateIndex
CREATE INDEX "volumes_reconcile_at_idx" ON "volumes"("reconcile_at");

-- AddForeignKey
ALTER TABLE "volumes" ADD CONSTRAINT "volumes_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "storage_pools"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A VM that is deleted frees what is attached to it, and what was to go with it goes now; also when an older instance,
-- which knows no volumes, is the one that deletes it.
CREATE FUNCTION "free_volumes_of_deleted_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "volumes" SET
    "attached_vm_id" = NULL, "target" = NULL, "attachment" = NULL, "updated_at" = now(),
    "reconcile_at" = CASE WHEN "is_unwanted" THEN now() ELSE "reconcile_at" END
  WHERE "attached_vm_id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "vms_free_volumes" AFTER UPDATE OF "state" ON "vms"
  FOR EACH ROW WHEN (NEW."state" = 'DELETED' AND OLD."state" IS DISTINCT FROM NEW."state")
  EXECUTE FUNCTION "free_volumes_of_deleted_vm"();
