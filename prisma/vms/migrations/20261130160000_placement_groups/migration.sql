-- New tables, columns that may be null, and last what locks the VMs for a moment: what runs on the schema before does not
-- know them.

-- CreateEnum
CREATE TYPE "PlacementGroupPolicy" AS ENUM ('TOGETHER', 'APART');

-- CreateEnum
CREATE TYPE "PlacementGroupStrictness" AS ENUM ('REQUIRED', 'PREFERRED');

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "cpu_ratio" DOUBLE PRECISION,
ADD COLUMN "memory_ratio" DOUBLE PRECISION;

-- CreateTable
CREATE TABLE "placement_groups" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "policy" "PlacementGroupPolicy" NOT NULL,
    "strictness" "PlacementGroupStrictness" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "placement_groups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "placement_group_members" (
    "group_id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,

    CONSTRAINT "placement_group_members_pkey" PRIMARY KEY ("group_id","vm_id")
);

-- CreateIndex
CREATE INDEX "placement_groups_department_id_id_idx" ON "placement_groups"("department_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "placement_groups_department_id_name_key_key" ON "placement_groups"("department_id", "name_key");

-- CreateIndex
CREATE INDEX "placement_group_members_vm_id_idx" ON "placement_group_members"("vm_id");

-- AddForeignKey
ALTER TABLE "placement_group_members" ADD CONSTRAINT "placement_group_members_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "placement_groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "placement_group_members" ADD CONSTRAINT "placement_group_members_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A VM that is deleted, or goes to another department, leaves its groups, whose they are; also when an older instance, which
-- knows no groups, has it go.
CREATE FUNCTION "leave_placement_groups_of_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "placement_group_members" WHERE "vm_id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "vms_leave_placement_groups" AFTER UPDATE OF "state", "department_id" ON "vms"
  FOR EACH ROW WHEN (
    (NEW."state" = 'DELETED' AND OLD."state" IS DISTINCT FROM NEW."state")
    OR NEW."department_id" IS DISTINCT FROM OLD."department_id"
  )
  EXECUTE FUNCTION "leave_placement_groups_of_vm"();
