-- A new table, a column that may be null, and a trigger: what runs on the schema before does not know them.

-- CreateEnum
CREATE TYPE "SnapshotState" AS ENUM ('CREATING', 'READY', 'DELETING');

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "current_snapshot_id" UUID;

-- CreateTable
CREATE TABLE "vm_snapshots" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "state" "SnapshotState" NOT NULL DEFAULT 'CREATING',
    "has_memory" BOOLEAN NOT NULL,
    "memory_bytes" BIGINT NOT NULL,
    "parent_id" UUID,
    "spec" JSONB NOT NULL,
    "volume_ids" UUID[],
    "author_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "taken_at" TIMESTAMPTZ(3),

    CONSTRAINT "vm_snapshots_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "vm_snapshots_vm_id_name_key_key" ON "vm_snapshots"("vm_id", "name_key");

-- CreateIndex
CREATE INDEX "vm_snapshots_department_id_idx" ON "vm_snapshots"("department_id");

-- CreateIndex
CREATE INDEX "vm_snapshots_volume_ids_idx" ON "vm_snapshots" USING GIN ("volume_ids");

-- AddForeignKey
ALTER TABLE "vm_snapshots" ADD CONSTRAINT "vm_snapshots_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Snapshots go with their VM, also when an older instance, which knows none, is the one that deletes it: the volumes that
-- stay are part of none any more.
CREATE FUNCTION "drop_snapshots_of_deleted_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "vm_snapshots" WHERE "vm_id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "vms_drop_snapshots" AFTER UPDATE OF "state" ON "vms"
  FOR EACH ROW WHEN (NEW."state" = 'DELETED' AND OLD."state" IS DISTINCT FROM NEW."state")
  EXECUTE FUNCTION "drop_snapshots_of_deleted_vm"();
